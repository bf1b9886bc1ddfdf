import type { Context } from 'hono';
import { objectOf } from '../storage/storage.ts';
import { uuidv7 } from '../uuid.ts';
import type { StoredVoice } from '../voices/voices.ts';
import { recordingAt } from '../worker/worker.ts';
import type { RouteParts } from './parts.ts';
import { storeRecording } from './upload.ts';

/** `POST /v1/voices?name=…`: adds the voice of a recording to the book of the API key. The recording is not kept. */
export async function enroll(c: Context, name: string, parts: RouteParts): Promise<StoredVoice> {
  const { host, storage, voices } = parts;
  const object = objectOf(uuidv7());
  await voices.admit(host.client(c), name);
  const memory = host.hold();
  try {
    await storeRecording(storage, object, host.body(c), c.req.header('content-type') ?? '', memory);
    const { signal } = c.req.raw;
    const { embedding, space } = await storage.withFile(object, signal, async (path) =>
      host.recordings.embed(await recordingAt(path), signal),
    );
    return await voices.enroll(host.client(c), { name, space, embedding });
  } finally {
    memory.release();
    await storage.delete(object).catch(() => {});
  }
}
