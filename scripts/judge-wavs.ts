/**
 * Records how libsndfile and ffmpeg read the unusual WAVs of `packages/sdk/src/audio/fixtures/odd-wavs.ts`: writes
 * `odd-wavs.json` beside it.
 *
 *   pip install soundfile==0.14.0 && npx tsx scripts/judge-wavs.ts [PYTHON]       (needs ffmpeg)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { mono16Hash, oddWavs, type Verdict } from '../packages/sdk/src/audio/fixtures/odd-wavs.ts';

/** Prints one line per file: rate, frames and SHA-256 of the mono mix in 16-bit steps, or the error. */
const PYTHON = `
import hashlib, sys
import numpy as np, soundfile as sf
for path in sys.stdin.read().split():
    try:
        # The C call itself: a file of unknown length cannot be sought, as read() would.
        with sf.SoundFile(path) as f:
            block = np.empty((100000, f.channels))
            n = sf._snd.sf_readf_double(f._file, sf._ffi.cast('double*', block.ctypes.data), len(block))
            mono = block[:n].mean(axis=1) if n else np.zeros(0)
            q = np.clip(np.where(np.isnan(mono), 0, np.floor(mono * 32768 + 0.5)), -32768, 32767).astype('<i2')
            print(path, f.samplerate, n, hashlib.sha256(q.tobytes()).hexdigest()[:16])
    except Exception:
        print(path, 'reject')
`;

type ReaderResult = readonly [rate: number, frames: number, hash: string] | 'reject';

const folder = mkdtempSync(join(tmpdir(), 'odd-wavs-'));
try {
  const paths = new Map<string, string>();
  for (const [name, bytes] of oddWavs()) {
    const path = join(folder, `${name}.wav`);
    writeFileSync(path, bytes);
    paths.set(name, path);
  }
  const byLibsndfile = libsndfile([...paths.values()]);
  const lines: string[] = [];
  for (const [name, path] of paths) {
    const results: [ReaderResult, ReaderResult] = [byLibsndfile.get(path) ?? 'reject', ffmpeg(path)];
    lines.push(` ${JSON.stringify(name)}: ${JSON.stringify(verdictOf(results))}`);
  }
  const out = new URL('../packages/sdk/src/audio/fixtures/odd-wavs.json', import.meta.url);
  writeFileSync(out, `{\n${lines.join(',\n')}\n}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function verdictOf([one, other]: readonly [ReaderResult, ReaderResult]): Verdict {
  if (String(one) === String(other)) return one;
  return { libsndfile: one, ffmpeg: other };
}

function libsndfile(paths: readonly string[]): Map<string, ReaderResult> {
  const python = process.argv[2] ?? 'python3';
  const { stdout, status, stderr } = spawnSync(python, ['-c', PYTHON], { input: paths.join('\n'), encoding: 'utf8' });
  if (status !== 0) throw new Error(`soundfile: ${stderr}`);
  const results = new Map<string, ReaderResult>();
  for (const line of stdout.trim().split('\n')) {
    const [path = '', rate = '', frames, hash] = line.split(' ');
    results.set(path, rate === 'reject' || hash === undefined ? 'reject' : [Number(rate), Number(frames), hash]);
  }
  return results;
}

function ffmpeg(path: string): ReaderResult {
  const probeArgs = ['-select_streams', 'a:0', '-show_entries', 'stream=sample_rate,channels', '-of', 'csv=p=0', path];
  const probed = spawnSync('ffprobe', ['-v', 'error', ...probeArgs], { encoding: 'utf8' });
  const [rate = 0, channels = 0] = probed.stdout.trim().split(',').map(Number);
  const args = ['-nostdin', '-v', 'error', '-i', path, '-map', '0:a:0', '-c:a', 'pcm_f64le', '-f', 'f64le', '-'];
  const { stdout, status } = spawnSync('ffmpeg', args, { maxBuffer: 1 << 28 });
  if (status !== 0 || !(rate > 0) || !(channels > 0)) return 'reject';
  const frames = Math.floor(stdout.length / (8 * channels));
  const values = new Float64Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + 8 * channels * frames));
  const mono = Float64Array.from({ length: frames }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += values[i * channels + c] as number;
    return sum / channels;
  });
  return [rate, frames, mono16Hash(mono)];
}
