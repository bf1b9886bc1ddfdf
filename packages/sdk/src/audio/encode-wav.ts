import { invalidOption } from '../contract/errors.ts';

export interface EncodeWavOptions {
  /** `s16` (default): 16-bit PCM, clipped at full scale. `f32`: 32-bit float, unchanged. */
  readonly encoding?: 's16' | 'f32';
}

/**
 * Encodes samples as a WAV file.
 * @param samples Mono, or one array per channel, of equal length; nominally in [-1, 1].
 * @param sampleRate Integer, in Hz.
 * @throws `invalid-option` for no channels, channels of different lengths, a bad rate, or more than WAV's limit of 4
 *   GiB.
 */
export function encodeWav(
  samples: Float32Array | readonly Float32Array[],
  sampleRate: number,
  options: EncodeWavOptions = {},
): Uint8Array<ArrayBuffer> {
  const channels = 'buffer' in samples ? [samples] : samples;
  const frames = channels[0]?.length ?? 0;
  const float = options.encoding === 'f32';
  const width = float ? 4 : 2;
  const dataBytes = frames * channels.length * width;
  check(channels, frames, sampleRate, dataBytes);
  const out = new Uint8Array(44 + dataBytes);
  const view = new DataView(out.buffer);
  const block = channels.length * width;
  writeText(out, 0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  writeText(out, 8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, float ? 3 : 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * block, true);
  view.setUint16(32, block, true);
  view.setUint16(34, width * 8, true);
  writeText(out, 36, 'data');
  view.setUint32(40, dataBytes, true);
  for (const [index, channel] of channels.entries()) {
    for (let i = 0, at = 44 + index * width; i < frames; i++, at += block) {
      const value = channel[i]!;
      if (float) view.setFloat32(at, value, true);
      else view.setInt16(at, Math.min(32767, Math.max(-32768, Math.round(value * 32768))), true);
    }
  }
  return out;
}

function check(channels: readonly Float32Array[], frames: number, sampleRate: number, dataBytes: number): void {
  const equal = channels.every((channel) => channel.length === frames);
  const wholeRate = Number.isInteger(sampleRate) && sampleRate > 0 && sampleRate < 2 ** 31;
  if (equal && wholeRate && channels.length > 0 && channels.length < 2 ** 16 && dataBytes < 2 ** 32 - 36) return;
  throw invalidOption(
    `encodeWav got channels of ${channels.map((channel) => channel.length).join(', ') || 'no'} samples at ${sampleRate} Hz; ` +
      'expected 1 to 65535 channels of equal length, a whole rate, and at most 4 GiB',
  );
}

function writeText(out: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
}
