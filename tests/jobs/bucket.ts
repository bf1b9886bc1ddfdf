/** An S3 server of its own: moto (PyPI: `moto[server,s3]`), its path in VOICEFLOW_MOTO_SERVER or on PATH. */
import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';
import { AwsClient } from 'aws4fetch';
import { freePort } from '../../bench/src/managed-process.ts';

const MOTO = process.env.VOICEFLOW_MOTO_SERVER ?? 'moto_server';
export const NO_MOTO =
  spawnSync(MOTO, ['--help'], { stdio: 'ignore' }).status === 0
    ? ''
    : ' (skipped: no moto_server; pip install "moto[server,s3]")';

export const KEYS = { accessKeyId: 'test', secretAccessKey: 'test', region: 'us-east-1', bucket: 'calls' } as const;

export interface Bucket {
  readonly endpoint: string;
  /** How servers and workers are told of it. */
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

/** Resolves when the bucket is there. */
export async function startBucket(): Promise<Bucket> {
  const port = await freePort();
  const moto = spawn(MOTO, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new AwsClient({ ...KEYS, service: 's3', retries: 0 });
  for (let i = 0; ; i++) {
    const made = await client.fetch(`${endpoint}/${KEYS.bucket}`, { method: 'PUT' }).catch(() => undefined);
    if (made?.ok) break;
    if (i > 600) throw new Error('moto did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    endpoint,
    env: {
      VOICEFLOW_S3_ENDPOINT: endpoint,
      VOICEFLOW_S3_BUCKET: KEYS.bucket,
      VOICEFLOW_S3_REGION: KEYS.region,
      VOICEFLOW_S3_ACCESS_KEY_ID: KEYS.accessKeyId,
      VOICEFLOW_S3_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    },
    close: () => void moto.kill(),
  };
}
