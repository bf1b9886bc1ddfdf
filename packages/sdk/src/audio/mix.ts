/** Sample arrays that the mixers take. */
export type SampleArray = Int16Array | Int32Array | Float32Array | Float64Array;

/**
 * Interleaved channels to mono: `out[i] = scale · mean(source[i, 0…channels-1])`, summed in double precision.
 * @param source `[frames, channels]`, row-major; at least `frames · channels` values.
 * @param out at least `frames` values.
 */
export function mixInterleaved(
  source: SampleArray,
  channels: number,
  frames: number,
  scale: number,
  out: Float32Array,
): void {
  const gain = scale / channels;
  if (channels === 1) {
    for (let i = 0; i < frames; i++) out[i] = source[i]! * gain;
  } else if (channels === 2) {
    for (let i = 0; i < frames; i++) out[i] = (source[2 * i]! + source[2 * i + 1]!) * gain;
  } else {
    for (let i = 0, at = 0; i < frames; i++) {
      let sum = 0;
      for (const end = at + channels; at < end; at++) sum += source[at]!;
      out[i] = sum * gain;
    }
  }
}

/**
 * Interleaved channels to arrays of their own: `out[c][i] = scale · source[i, c]`.
 * @param out as many arrays as channels, each of at least `frames` values.
 */
export function splitInterleaved(
  source: SampleArray,
  frames: number,
  scale: number,
  out: readonly Float32Array[],
): void {
  out.forEach((samples, channel) => {
    for (let i = 0, at = channel; i < frames; i++, at += out.length) samples[i] = source[at]! * scale;
  });
}

/**
 * Channels in arrays of their own to mono, for samples `from` to `from + count`.
 * @param out at least `count` values.
 */
export function mixPlanar(channels: readonly Float32Array[], from: number, count: number, out: Float32Array): void {
  const gain = 1 / channels.length;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[from + i]!;
    out[i] = sum * gain;
  }
}
