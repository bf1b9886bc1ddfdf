/** Sample arrays that can be mixed. */
export type SampleArray = Int16Array | Int32Array | Float32Array | Float64Array;

/**
 * Mixes interleaved channels to mono: `out[i] = scale · mean(source[i, 0…channels-1])`, summed in double precision.
 * @param source `[frames, channels]`, row-major; at least `frames · channels` values.
 * @param out At least `frames` values.
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
 * Splits interleaved channels into one array per channel: `out[c][i] = scale · source[i, c]`.
 * @param out One array per channel, each of at least `frames` values.
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

/** Mixes channels in separate arrays to mono, until `out` is full. */
export function mixPlanar(channels: readonly Float32Array[], out: Float32Array): void {
  const gain = 1 / channels.length;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i]!;
    out[i] = sum * gain;
  }
}
