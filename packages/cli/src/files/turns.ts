import { open } from 'node:fs/promises';
import { invalidOption, parseRttm, parseTurnsJson, type Turn } from 'voiceflow-ml/core';
import { onFile } from '../errors.ts';
import { isAudioName } from './inputs.ts';
import { readText, statsOf } from './open.ts';

/** How a file of turns begins: with JSON, or with a line of RTTM. */
const JSON_TURNS = /^\uFEFF?\s*[{[]/;
const RTTM =
  /^\uFEFF?\s*(?:;;|(?:SPEAKER|SPKR-INFO|NOSCORE|NO_RT_METADATA|LEXEME|NON-LEX|NON-SPEECH|SEGMENT|SU|A\/P)\s)/;

/**
 * The turns in a JSON or RTTM file, detected by its content; undefined for any other file, such as audio. An empty file
 * is RTTM without turns, unless its name is that of audio.
 * @throws FileError with the path of the file, for turns that cannot be read or are of several recordings; `aborted`.
 */
export async function readTurns(path: string, signal: AbortSignal): Promise<readonly Turn[] | undefined> {
  const head = await headOf(path);
  if (head === undefined) return undefined;
  if (head.trim() === '') return isAudioName(path) ? undefined : [];
  const isJson = JSON_TURNS.test(head);
  if (!isJson && !RTTM.test(head)) return undefined;
  return onFile(path, async () => {
    const text = await readText(path, signal);
    return isJson ? parseTurnsJson(text) : turnsOfOne(text);
  });
}

function turnsOfOne(text: string): readonly Turn[] {
  const recordings = parseRttm(text);
  const [first, ...more] = recordings;
  if (more.length === 0) return first?.turns ?? [];
  const names = recordings.map(({ uri }) => uri).slice(0, 5);
  throw invalidOption(
    `the file has turns of ${recordings.length} recordings (${names.join(', ')}…), expected one`,
    'Use a file with the turns of one recording.',
  );
}

/** The first bytes of a file. Undefined for an unreadable file: opening it as audio then reports the error. */
async function headOf(path: string): Promise<string | undefined> {
  // A pipe is not opened: that would wait for its writer.
  const isFile = path !== '-' && (await statsOf(path))?.isFile();
  const file = isFile ? await open(path).catch(() => undefined) : undefined;
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
