/** Size of the largest Ogg page: 27 bytes, 255 lengths, 255 · 255 bytes (RFC 3533 §6). */
export const PAGE_BYTES = 27 + 255 + 255 * 255;

/** Whether an Ogg file ends with a complete page that is marked as the last. Nothing else shows that a file was cut. */
export function endsWhole(tail: Uint8Array): boolean {
  for (let at = tail.length - 27; at >= 0; at--) {
    if (tail[at] !== 0x4f || String.fromCharCode(...tail.subarray(at, at + 4)) !== 'OggS') continue;
    const lengths = tail.subarray(at + 27, at + 27 + tail[at + 26]!);
    const size = 27 + lengths.length + lengths.reduce((sum, length) => sum + length, 0);
    return lengths.length === tail[at + 26] && at + size <= tail.length && (tail[at + 5]! & 4) !== 0;
  }
  return false;
}
