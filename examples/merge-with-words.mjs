// Who said what: the words of any speech recogniser, with their times, and the turns.
//   node examples/merge-with-words.mjs [meeting.wav words.json]
// words.json is a list of { "text": "hello", "start": 1.2, "end": 1.5 }, as Whisper and others give.
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { assignWords, createDiarizer, groupWords } from 'voiceflow-ml';

const file = process.argv[2] ?? new URL('audio/conversation.wav', import.meta.url);
const words = process.argv[3] ?? new URL('audio/conversation.words.json', import.meta.url);

const diarizer = await createDiarizer();
const result = await diarizer.diarize(await openAsBlob(file));
await diarizer.close();

const said = assignWords(JSON.parse(await readFile(words, 'utf8')), result);
for (const { start, speaker, text } of groupWords(said)) {
  console.log(`${start.toFixed(1).padStart(6)}  ${speaker}: ${text}`);
}
