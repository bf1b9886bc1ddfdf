import { isObject } from '../../contract/is-object.ts';
import { listAt, objectAt, secondsAt, textAt, wrong } from './json.ts';
import { type Transcript, transcript, wordsOfSegment } from './transcript.ts';

const isChunk = (item: unknown) => isObject(item) && Array.isArray(item.timestamp);

/** Output of Transformers and transformers.js: `chunks` of `{ text, timestamp: [start, end] }`, or just this list. */
export function chunksOf(json: unknown): readonly unknown[] | undefined {
  const chunks = isObject(json) ? json.chunks : json;
  return Array.isArray(chunks) && chunks.some(isChunk) ? chunks : undefined;
}

/** With `return_timestamps: 'word'` a chunk is a word, otherwise a segment. The last end may be null. */
export function readTransformers(chunks: readonly unknown[]): Transcript {
  const parts = chunks.map((item, i) => {
    const where = `chunks[${i}]`;
    const chunk = objectAt(item, where);
    const text = textAt(chunk.text, `${where}.text`);
    if (text === undefined) throw wrong(`${where}.text`, undefined, 'the text');
    const [from, to] = listAt(chunk.timestamp, `${where}.timestamp`);
    const start = secondsAt(from, `${where}.timestamp[0]`);
    const end = secondsAt(to, `${where}.timestamp[1]`);
    if (/\S\s+\S/.test(text)) return wordsOfSegment(text, start, end);
    return { words: text.trim() === '' ? [] : [{ text, start, end }], estimated: false };
  });
  return transcript('transformers.js', parts);
}
