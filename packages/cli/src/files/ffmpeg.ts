import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { type AudioInput, VoiceFlowError } from 'voiceflow-ml/core';
import { openAudio } from './open.ts';

/**
 * Does something with a recording. A file that nothing of VoiceFlow reads is given again as the installed ffmpeg
 * decodes it; without ffmpeg, or where that fails too, the first refusal stands.
 * @throws as `openAudio` and `work`.
 */
export async function withAudio<T>(
  path: string,
  signal: AbortSignal,
  work: (audio: AudioInput) => Promise<T>,
): Promise<T> {
  try {
    return await work(await openAudio(path));
  } catch (error) {
    const unknown = VoiceFlowError.isInstance(error) && error.code === 'unsupported-format';
    if (!unknown || path === '-' || !(await stat(path)).isFile()) throw error;
    const { audio, stop } = byFfmpeg(path);
    try {
      return await work(audio);
    } catch {
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      stop();
    }
  }
}

/** The first audio track as a WAV that comes while ffmpeg decodes it; it may open that file alone, and no address. */
function byFfmpeg(path: string): { readonly audio: AudioInput; stop(): void } {
  const input = ['-protocol_whitelist', 'file', '-i', `file:${resolve(path)}`];
  const output = ['-map', '0:a:0', '-c:a', 'pcm_f32le', '-f', 'wav', '-'];
  const child = spawn('ffmpeg', ['-v', 'quiet', '-nostdin', ...input, ...output], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Where there is no ffmpeg, its output ends at once: it holds no audio.
  child.on('error', () => child.stdout.push(null));
  return { audio: Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>, stop: () => void child.kill('SIGKILL') };
}
