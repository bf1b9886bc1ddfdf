/** Encoding of headerless samples: little-endian, interleaved. */
export type PcmEncoding = 's16le' | 'f32le';

/**
 * Decodes headerless mono PCM, which may arrive in chunks cut at any byte, into samples in [−1, 1).
 * @returns A function that takes the next bytes and returns the samples that they complete (possibly none).
 */
export function pcmReader(encoding: PcmEncoding): (bytes: Uint8Array) => Float32Array {
  const width = encoding === 's16le' ? 2 : 4;
  let rest = new Uint8Array(0);
  return (bytes) => {
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    const samples = new Float32Array(Math.floor(all.length / width));
    rest = all.slice(samples.length * width);
    const view = new DataView(all.buffer);
    for (let i = 0; i < samples.length; i++) {
      samples[i] = width === 2 ? view.getInt16(2 * i, true) / 32_768 : view.getFloat32(4 * i, true);
    }
    return samples;
  };
}
