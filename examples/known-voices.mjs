// Names instead of labels: enrolls voices from a few seconds of speech each and recognizes them in the recording.
//   node examples/known-voices.mjs
import { openAsBlob } from 'node:fs';
import { createDiarizer, VoiceBook } from 'voiceflow-ml';

/** Where each person speaks alone. In practice, use a separate recording of each person. */
const samples = {
  Sally: { start: 0.7, end: 6.0 },
  Ross: { start: 14.1, end: 18.2 },
  Angus: { start: 52.2, end: 55.2 },
};

const audio = await openAsBlob(new URL('audio/conversation.wav', import.meta.url));
const diarizer = await createDiarizer();

let book = new VoiceBook(diarizer.manifest.space);
for (const [name, segment] of Object.entries(samples)) {
  const [embedding] = await diarizer.embed(audio, { segments: [segment] });
  book = book.enroll(name, [{ embedding, seconds: segment.end - segment.start }]);
}
// JSON.stringify(book) saves a book, VoiceBook.parse(text) loads it.

const { speakers } = await diarizer.diarize(audio, { known: book.voices });
for (const { label, name, seconds } of speakers)
  console.log(`${name ?? `${label} (unknown)`}: ${seconds.toFixed(1)} s`);
await diarizer.close();
