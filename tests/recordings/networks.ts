import { createHash } from 'node:crypto';
import { existsSync, openAsBlob } from 'node:fs';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codecs } from '@voiceflow-ml/codecs';
import { collect, type ModelManifest, openAudio, parseRttm, type Turn } from 'voiceflow-ml/core';

/** Networks and captures of the reference, for development; never part of the repository. */
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** Whether a file of `../shared` is there; says so, once, where it is not. */
export function shared(...path: string[]): string | undefined {
  const file = join(SHARED, ...path);
  if (existsSync(file)) return file;
  console.warn(`skipped: ../shared/${path.join('/')} is absent`);
  return undefined;
}

export async function bytesOf(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}

/** The numbers of a file, in the order of bytes of this machine. */
async function bufferOf(path: string): Promise<ArrayBuffer> {
  return (await bytesOf(path)).buffer as ArrayBuffer;
}

export const floatsOf = async (path: string) => new Float32Array(await bufferOf(path));
export const doublesOf = async (path: string) => new Float64Array(await bufferOf(path));
export const intsOf = async (path: string) => new Int32Array(await bufferOf(path));

/** Of unsigned (`u8`) or signed (`i8`) bytes. */
export const signedBytesOf = async (path: string) => new Int8Array(await bufferOf(path));

/** Seconds from which ten different people read for nine in one file of the corpora. */
export const READERS = [0, 15.6, 26, 40.4, 49.9, 68.2, 81.7, 100.8, 113, 125.4];

/** Ten people who read in turn for nine seconds each, so many times, at 16 kHz. @param file The file of the corpora. */
export async function readersInTurn(file: string, times: number): Promise<Float32Array> {
  const rate = 16_000;
  const all = await collect(await openAudio(await openAsBlob(file), { sampleRate: rate, decoders: codecs }));
  const length = 9 * rate;
  const starts = Array.from({ length: times }, () => READERS).flat();
  const samples = new Float32Array(starts.length * length);
  starts.forEach((second, i) => {
    const from = Math.round(second * rate);
    samples.set(all.subarray(from, from + length), i * length);
  });
  return samples;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Of a manifest: a file, its length and its SHA-256. */
function fileEntry(bytes: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * A model as it is pulled, in a folder of its own, with the copies of its networks that are at hand.
 * @param path Of its manifest. @param networks Paths of the segmentation network, and of the one for voices if it is not embedded.
 */
export async function modelFolder(path: string, segmentation: string, voices?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'voiceflow-model-'));
  const manifest = JSON.parse(await readFile(join(ROOT, path), 'utf8')) as ModelManifest;
  const link = async (name: string, target: string) => {
    await symlink(target, join(folder, name));
    return { [name]: fileEntry(await bytesOf(target)) };
  };
  const segmenter = { ...manifest.segmenter, files: await link('seg.onnx', segmentation) };
  const files = voices === undefined ? manifest.files : await link('voice.onnx', voices);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, files, segmenter }));
  return folder;
}

/** The demo's conversation: 16 kHz, four voices. */
export async function demoSamples(): Promise<Float32Array> {
  const file = await openAsBlob(join(ROOT, 'examples/audio/conversation.wav'));
  return collect(await openAudio(file, { sampleRate: 16_000 }));
}

export async function demoTurns(): Promise<readonly Turn[]> {
  return parseRttm(await readFile(join(ROOT, 'examples/audio/conversation.rttm'), 'utf8'))[0]?.turns ?? [];
}
