// Who said what: combines the words of any speech recognizer, with their times, with the turns.
//   node examples/merge-with-words.mjs [meeting.wav words.json]
// words.json is the output of a recognizer (Whisper and its variants, Deepgram, AssemblyAI, SRT, WebVTT), or a list of
// { "text": "hello", "start": 1.2, "end": 1.5 }. The command does the same: voiceflow words words.json meeting.wav
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createDiarizer } from 'voiceflow-ml';
import { assignWords, groupWords, parseWords } from 'voiceflow-ml/words';

const file = process.argv[2] ?? new URL('audio/conversation.wav', import.meta.url);
const words = process.argv[3] ?? new URL('audio/conversation.words.json', import.meta.url);

const diarizer = await createDiarizer();
const result = await diarizer.diarize(await openAsBlob(file));
await diarizer.close();

const assigned = assignWords(parseWords(await readFile(words, 'utf8')).words, result);
for (const { start, speaker, text } of groupWords(assigned)) {
  console.log(`${start.toFixed(1).padStart(6)}  ${speaker}: ${text}`);
}
