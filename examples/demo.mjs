// The demo diarizes a conversation of four people and shows the result beside the reference.   npm run demo
// It uses only the public API: `voiceflow-ml` diarizes and scores, `@voiceflow-ml/cli/render` draws.

import { openAsBlob } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arrangeTimeline, screenOf, timelineSvg, timelineText } from '@voiceflow-ml/cli/render';
import { createDiarizer, parseRttm, standard } from 'voiceflow-ml';
import { scoreDiarization } from 'voiceflow-ml/metrics';

process.stdout.on('error', () => {}); // the reader may end first: npm run demo | head

const audio = fileURLToPath(new URL('audio/conversation.wav', import.meta.url));
const rttm = fileURLToPath(new URL('audio/conversation.rttm', import.meta.url));
const folder = process.argv[2] ?? 'demo-output';
const here = (path) => relative(process.cwd(), path) || '.';

const [reference] = parseRttm(await readFile(rttm, 'utf8'));
const diarizer = await createDiarizer({ model: standard });
const result = await diarizer.diarize(await openAsBlob(audio));
await diarizer.close();

// Labels are SPEAKER_00 and so on. Scoring maps each label to a speaker of the reference.
const { files } = scoreDiarization(reference, { uri: reference.uri, turns: result.turns });
const score = files[reference.uri];
const timeline = arrangeTimeline(result.turns, {
  duration: result.duration,
  reference: reference.turns,
  mapping: new Map(Object.entries(score.mapping)),
});

const percent = (seconds) => `${((100 * seconds) / score.scored).toFixed(1)} %`;
const { timings, duration, speakers, model, backend } = result;
const gate = standard.segmenter.manifest;
const took = timings.total / 1000;
const voices = new Set(reference.turns.map(({ speaker }) => speaker)).size;

console.log(`
A conversation of four people: ${here(audio)}, ${duration.toFixed(0)} s.
Each name is a speaker of the reference; the row below it is the speaker that VoiceFlow found, without any hints.

${timelineText(timeline, screenOf(process.stdout))}
  speakers           ${speakers.length} found, ${voices} in the reference
  error (DER)        ${score.der.toFixed(1)} %: missed ${percent(score.miss)}, false alarms ${percent(score.falseAlarm)}, confused ${percent(score.confusion)}
                     strict: no collar, overlapped speech is scored
  real-time factor   ${(took / duration).toFixed(3)}: ${duration.toFixed(0)} s of audio in ${took.toFixed(2)} s, after ${(timings.load / 1000).toFixed(2)} s of loading
  networks           ${model.id} ${model.version} and ${gate.id} ${gate.version}, on the ${backend} backend`);

await mkdir(folder, { recursive: true });
await writeFile(`${folder}/conversation.rttm`, result.toRTTM('conversation'));
await writeFile(
  `${folder}/conversation.svg`,
  timelineSvg(timeline, 'VoiceFlow demo: four speakers, the reference above each'),
);

console.log(`
Saved ${folder}/conversation.rttm and ${folder}/conversation.svg (open it in a browser).

With your own recordings:
  npx voiceflow diarize your.mp3                                   show who spoke when
  npx voiceflow diarize your.mp3 --speakers 3 --timeline your.svg  known number of speakers, timeline image
  npx voiceflow diarize folder/ --format rttm --out results        a folder of recordings
  npx voiceflow enroll Ada ada.wav --book voices.json              add a named voice to a voice book
  npx voiceflow --help                                             all commands
For use in a program, see examples/node-file.mjs (ten lines).
`);
