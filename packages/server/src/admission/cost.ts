/** Bytes a second where the body does not tell: 128 kbit/s, as of compressed speech and music. */
const USUAL_RATE = 16_000;
/** Where a form's file may begin. */
const SEARCHED_BYTES = 4 * 1024;
const [RIFF, WAVE, FMT] = ['RIFF', 'WAVE', 'fmt '];

/**
 * Seconds of audio in a recording's body, about: by its WAV header (also within a form), else by its size. Work is
 * linear in seconds, whereas the same seconds take 1 byte or 192. What the header claims is believed only for that:
 * no faster than 1 MHz, no slower than 1,000 Hz.
 */
export function secondsOf(chunks: readonly Uint8Array[], bytes: number): number {
  const [first] = chunks;
  // A second at least: shorter ones cost about as much.
  return Math.max(bytes / ((first && wavRate(first.subarray(0, SEARCHED_BYTES))) ?? USUAL_RATE), 1);
}

/** Bytes a second by a RIFF header somewhere in the first bytes. */
function wavRate(head: Uint8Array): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const says = (at: number, text: string) => [...text].every((c, i) => head[at + i] === c.charCodeAt(0));
  for (let at = head.indexOf(RIFF.charCodeAt(0)); at !== -1; at = head.indexOf(RIFF.charCodeAt(0), at + 1)) {
    if (!says(at, RIFF) || !says(at + 8, WAVE)) continue;
    // Other chunks may come first; most files have the format at once.
    for (let chunk = at + 12; chunk + 24 <= head.length; chunk += 8 + view.getUint32(chunk + 4, true)) {
      if (!says(chunk, FMT)) continue;
      const [rate, frame] = [view.getUint32(chunk + 12, true), view.getUint16(chunk + 20, true)];
      return Math.min(Math.max(rate, 1_000), 1_000_000) * Math.max(frame, 1);
    }
  }
  return undefined;
}
