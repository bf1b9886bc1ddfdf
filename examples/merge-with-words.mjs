// Who said what: the words of any speech recogniser, with their times, and the turns.
//   node examples/merge-with-words.mjs [meeting.wav words.json]
// words.json is what a recogniser wrote (Whisper and its kin, Deepgram, AssemblyAI, SRT, WebVTT), or a list of
// { "text": "hello", "start": 1.2, "end": 1.5 }. The same on the command line: voiceflow words words.json meeting.wav
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createDiarizer } from 'voiceflow-ml';
import { assignWords, groupWords, parseWords } from 'voiceflow-ml/words';

const file = process.argv[2] ?? new URL('audio/conversation.wav', import.meta.url);
const words = process.argv[3] ?? new URL('audio/conversation.words.json', import.meta.url);

const diarizer = await createDiarizer();
const result = await diarizer.diarize(await openAsBlob(file));
await diarizer.close();

const said = assignWords(parseWords(await readFile(words, 'utf8')).words, result);
for (const { start, speaker, text } of groupWords(said)) {
  console.log(`${start.toFixed(1).padStart(6)}  ${speaker}: ${text}`);
}
