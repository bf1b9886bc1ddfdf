import { type ByteReader, openBytes, VoiceFlowError } from 'voiceflow-ml/core';

/**
 * Largest streamed MP4 in bytes that is held in memory because its index comes last: about 2 h of speech at 128 kbit/s.
 */
const MAX_HELD_BYTES = 1 << 27;
/** Boxes are searched in this many bytes from the start. */
const LOOK_BYTES = 1 << 16;

/** Whether the samples come before the index, judged by the boxes in `head` (ISO/IEC 14496-12 §4.2). */
function indexComesLast(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  for (let at = 0; at + 16 <= head.length; ) {
    const type = String.fromCharCode(...head.subarray(at + 4, at + 8));
    if (type === 'moov' || type === 'moof') return false;
    if (type === 'mdat') return true;
    const size = view.getUint32(at);
    const box = size === 1 ? view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12) : size;
    if (box < 8) return false;
    at += box;
  }
  return false;
}

/**
 * Prepares a streamed MP4 for reading in order. A file with its index at the end is held in memory, because its samples
 * cannot be located without the index.
 * @returns the reader, and the bytes that were already read from it.
 * @throws `audio-too-large` for a file that is too large to hold.
 */
export async function inOrder(bytes: ByteReader): Promise<{ readonly bytes: ByteReader; readonly head: Uint8Array }> {
  const head = (await bytes.read(LOOK_BYTES)).slice();
  if (!indexComesLast(head)) return { bytes, head };
  const rest = await bytes.read(MAX_HELD_BYTES - head.length + 1);
  if (head.length + rest.length > MAX_HELD_BYTES) {
    throw new VoiceFlowError(
      'audio-too-large',
      `the MP4 has its index at the end, and is larger than the ${MAX_HELD_BYTES >> 20} MiB that are buffered for a stream`,
      {
        hint: 'pass the file as a Blob, or move the index to the start: ffmpeg -i in.mp4 -c copy -movflags +faststart out.mp4',
      },
    );
  }
  const all = new Uint8Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  const held = openBytes(all);
  held.close = () => bytes.close();
  return { bytes: held, head: new Uint8Array(0) };
}
