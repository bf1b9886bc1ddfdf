/** Assumed bytes per second without a WAV header: 128 kbit/s, typical for compressed speech and music. */
const USUAL_RATE = 16_000;
/** The part of a body that is searched for a header: a form's file begins after other bytes. */
const SEARCHED_BYTES = 4 * 1024;
const [RIFF, WAVE, FMT] = ['RIFF', 'WAVE', 'fmt '];

/**
 * Approximate seconds of audio in a recording's body: by its WAV header (also within a form), else by its size. The
 * work is linear in seconds, but the size of a second varies by a factor of 192. The header's claim is used for this
 * estimate only, limited to 1,000 Hz to 1 MHz.
 */
export function secondsOf(chunks: readonly Uint8Array[], bytes: number): number {
  const [first] = chunks;
  // At least a second, because shorter recordings cost about as much.
  return Math.max(bytes / ((first && wavRate(first.subarray(0, SEARCHED_BYTES))) ?? USUAL_RATE), 1);
}

/** Bytes per second by a RIFF header anywhere in the first bytes. */
function wavRate(head: Uint8Array): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const matches = (at: number, text: string) => [...text].every((c, i) => head[at + i] === c.charCodeAt(0));
  for (let at = head.indexOf(RIFF.charCodeAt(0)); at !== -1; at = head.indexOf(RIFF.charCodeAt(0), at + 1)) {
    if (!matches(at, RIFF) || !matches(at + 8, WAVE)) continue;
    // The format chunk usually comes first, but others may precede it.
    for (let chunk = at + 12; chunk + 24 <= head.length; chunk += 8 + view.getUint32(chunk + 4, true)) {
      if (!matches(chunk, FMT)) continue;
      const [rate, frame] = [view.getUint32(chunk + 12, true), view.getUint16(chunk + 20, true)];
      return Math.min(Math.max(rate, 1_000), 1_000_000) * Math.max(frame, 1);
    }
  }
  return undefined;
}
