import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { invalidOption, parseRttm, type Turn, VoiceFlowError } from 'voiceflow-ml/core';

/** A recording with its reference. */
export interface Recording {
  readonly name: string;
  readonly audio: string;
  readonly reference: readonly Turn[];
}

const AUDIO = ['.wav', '.flac', '.opus', '.ogg', '.mp3'];

/**
 * Recordings of a folder that have an RTTM file of the same name beside them, sorted by name.
 * @throws `invalid-option`.
 */
export async function recordingsOf(folder: string): Promise<Recording[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new VoiceFlowError('invalid-option', `${folder} is no folder that can be read`, { cause });
  });
  const found: Recording[] = [];
  for (const rttm of names.filter((name) => name.endsWith('.rttm')).sort()) {
    const name = basename(rttm, '.rttm');
    const audio = AUDIO.map((extension) => name + extension).find((candidate) => names.includes(candidate));
    if (audio === undefined) continue;
    const reference = parseRttm(await readFile(join(folder, rttm), 'utf8')).flatMap((file) => file.turns);
    found.push({ name, audio: join(folder, audio), reference });
  }
  if (found.length > 0) return found;
  throw invalidOption(
    `${folder} holds no audio with an .rttm of the same name beside it`,
    `audio may end in ${AUDIO.join(', ')}`,
  );
}

/** Decodes with libsndfile, because the corpora are FLAC and Opus. */
const DECODE = `
import sys, soundfile
samples, rate = soundfile.read(sys.argv[1], dtype="float32", always_2d=True)
soundfile.write(sys.argv[2], samples, rate, subtype="FLOAT", format="WAV")
`;

/** The path of the recording as WAV: the file itself, or a decoded copy in the system's temporary folder, made once. */
export async function asWav(path: string): Promise<string> {
  if (extname(path) === '.wav') return path;
  const { mtimeMs, size } = await stat(path);
  const key = createHash('sha256')
    .update(`${resolve(path)} ${mtimeMs} ${size}`)
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), 'voiceflow-decoded');
  const target = join(folder, `${basename(path)}.${key}.wav`);
  const there = await access(target).then(
    () => true,
    () => false,
  );
  if (there) return target;
  await mkdir(folder, { recursive: true });
  const part = `${target}.${process.pid}.part`;
  await python(['-c', DECODE, path, part], path);
  await rename(part, target);
  return target;
}

function python(args: readonly string[], path: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn('python3', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const failed = (why: string, cause?: unknown) =>
      fail(
        new VoiceFlowError('unsupported-format', `${path} could not be decoded: ${why}`, {
          hint: 'install python3 with its package soundfile, or convert the folder to WAV',
          cause,
        }),
      );
    child.on('error', (error) => failed(error.message, error));
    child.on('close', (code) =>
      code === 0 ? done() : failed(errors.trim().split('\n').at(-1) ?? `exit code ${code}`),
    );
  });
}
