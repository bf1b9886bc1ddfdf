import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { parseRttm, type Turn } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { CONVERSATION, CONVERSATION_RTTM } from '../conversation.ts';
import { figures, ms, percent } from '../format.ts';
import { REPOSITORY } from '../machine.ts';
import { median } from '../stats/summary.ts';
import { SEGMENTATION_METADATA, withMetadata } from './onnx-metadata.ts';
import type { PeerResult } from './result.ts';

const run = promisify(execFile);
const FOLDER = `${REPOSITORY}bench/peers/sherpa`;
const NETWORKS = `${REPOSITORY}../shared/models/pyannote`;
const TIMEOUT_MS = 600_000;

/** Paths of sherpa-onnx's two networks. `random`: the second one has no trained weights. */
interface SherpaSetup {
  readonly segmentation: string;
  readonly embedding: string;
  readonly random: boolean;
}

/**
 * Finds the networks given by `VOICEFLOW_PEER_SEGMENTATION` and `VOICEFLOW_PEER_EMBEDDING`, else those of the
 * development data.
 * @returns The setup, or the reason why sherpa-onnx cannot run here, in one line.
 */
export function findSherpa(): SherpaSetup | string {
  if (!existsSync(`${FOLDER}/node_modules/sherpa-onnx-node`)) {
    return 'sherpa-onnx is not installed: npm install --prefix bench/peers/sherpa';
  }
  const { VOICEFLOW_PEER_SEGMENTATION: segmentation, VOICEFLOW_PEER_EMBEDDING: embedding } = process.env;
  if (segmentation !== undefined && embedding !== undefined) return { segmentation, embedding, random: false };
  const shared = {
    segmentation: `${NETWORKS}/segmentation-3.0.onnx`,
    embedding: `${NETWORKS}/random-resnet34/random-full.onnx.gz`,
  };
  if (existsSync(shared.segmentation) && existsSync(shared.embedding)) return { ...shared, random: true };
  return 'sherpa-onnx has no networks here: name them by VOICEFLOW_PEER_SEGMENTATION and VOICEFLOW_PEER_EMBEDDING';
}

interface SherpaOutput {
  readonly turns: readonly { readonly start: number; readonly end: number; readonly speaker: number }[];
  readonly seconds: number;
  /** Milliseconds per repeat. */
  readonly wall: readonly number[];
  readonly cpu: readonly number[];
  readonly load: number;
  readonly peakRss: number;
}

interface SherpaOptions {
  /** A 16 kHz mono WAV file. Default: the demo conversation, which is also scored. */
  readonly audio?: string;
  readonly repeats: number;
}

/** Diarizes a recording with sherpa-onnx, on one thread in its own process. */
export async function measureSherpa(
  setup: SherpaSetup,
  { audio = CONVERSATION, repeats }: SherpaOptions,
): Promise<PeerResult> {
  const folder = await mkdtemp(join(tmpdir(), 'voiceflow-sherpa-'));
  try {
    const networks = await prepare(setup, folder);
    const args = [`${FOLDER}/run.mjs`, audio, networks.segmentation, networks.embedding, '1', String(repeats)];
    const { stdout } = await run(process.execPath, args, { timeout: TIMEOUT_MS });
    const lines = stdout.trim().split('\n');
    return await describe(setup, audio, JSON.parse(lines[lines.length - 1] ?? '') as SherpaOutput);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** sherpa-onnx requires metadata in the file and no compression. */
async function prepare(setup: SherpaSetup, folder: string): Promise<{ segmentation: string; embedding: string }> {
  if (!setup.random) return setup;
  const segmentation = join(folder, 'segmentation.onnx');
  const embedding = join(folder, 'embedding.onnx');
  await writeFile(segmentation, withMetadata(await readFile(setup.segmentation), SEGMENTATION_METADATA));
  await writeFile(embedding, gunzipSync(await readFile(setup.embedding)));
  return { segmentation, embedding };
}

async function describe(setup: SherpaSetup, audio: string, output: SherpaOutput): Promise<PeerResult> {
  const [wall, cpu] = [median(output.wall) / 1000, median(output.cpu) / 1000];
  const speed = {
    rtf: wall / output.seconds,
    cpuFactor: cpu / output.seconds,
    load: output.load,
    peakRss: output.peakRss,
  };
  const lines = [
    `${figures(output.seconds)} s of audio in ${figures(wall)} s (real-time factor ${figures(speed.rtf)}), ${figures(cpu)} CPU-seconds; load ${ms(output.load)}, ${figures(output.peakRss)} MB`,
  ];
  const { version } = JSON.parse(await readFile(`${FOLDER}/node_modules/sherpa-onnx-node/package.json`, 'utf8')) as {
    version: string;
  };
  const result = { name: 'sherpa-onnx, segmentation-3.0 + ResNet34, one thread', version, lines };
  if (setup.random) {
    lines.push(
      'the ResNet34 has random weights here (the trained ones cannot be had): speed only, its labels mean nothing',
    );
  }
  if (setup.random || audio !== CONVERSATION) return { ...result, figures: speed };
  const der = await score(output);
  lines.push(`DER ${der === undefined ? '–' : percent(der / 100)} on the demo conversation`);
  return { ...result, figures: { ...speed, der } };
}

async function score(output: SherpaOutput): Promise<number | undefined> {
  const [reference] = parseRttm(await readFile(CONVERSATION_RTTM, 'utf8'));
  const turns: Turn[] = output.turns.map(({ start, end, speaker }) => ({ start, end, speaker: `speaker-${speaker}` }));
  return reference === undefined ? undefined : (scoreDiarization(reference.turns, turns).total.der ?? undefined);
}
