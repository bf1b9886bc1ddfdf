import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type AudioInput, VoiceFlowError } from 'voiceflow-ml/core';
import { openAudio } from './open.ts';
import { webStream } from './web-stream.ts';

/**
 * Calls `work` with a recording. When VoiceFlow does not support the file's format, calls it again with the output of
 * the installed ffmpeg. Without ffmpeg, or when that fails too, the first error is thrown.
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

/**
 * Streams the first audio track as WAV while ffmpeg decodes it. ffmpeg may read local files only, no network addresses.
 */
function byFfmpeg(path: string): { readonly audio: AudioInput; stop(): void } {
  const input = ['-protocol_whitelist', 'file', '-i', `file:${resolve(path)}`];
  const output = ['-map', '0:a:0', '-c:a', 'pcm_f32le', '-f', 'wav', '-'];
  const child = spawn('ffmpeg', ['-v', 'quiet', '-nostdin', ...input, ...output], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Without ffmpeg the output ends at once, without audio.
  child.on('error', () => child.stdout.push(null));
  return { audio: webStream(child.stdout), stop: () => void child.kill('SIGKILL') };
}
