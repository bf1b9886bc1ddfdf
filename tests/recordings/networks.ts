import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Networks and captures of the reference, for development; never part of the repository. */
export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

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

export async function floatsOf(path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

export async function doublesOf(path: string): Promise<Float64Array> {
  const bytes = await readFile(path);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

export async function intsOf(path: string): Promise<Int32Array> {
  const bytes = await readFile(path);
  return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Of unsigned (`u8`) or signed (`i8`) bytes. */
export async function signedBytesOf(path: string): Promise<Int8Array> {
  const bytes = await bytesOf(path);
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
