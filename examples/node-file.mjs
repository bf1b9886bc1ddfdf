// Prints who spoke when in a file.   node examples/node-file.mjs [meeting.wav]
import { openAsBlob } from 'node:fs';
import { createDiarizer } from 'voiceflow-ml';

const file = process.argv[2] ?? new URL('audio/conversation.wav', import.meta.url);

const diarizer = await createDiarizer();
const { turns } = await diarizer.diarize(await openAsBlob(file));
for (const { start, end, speaker } of turns) console.log(`${start.toFixed(2)}  ${end.toFixed(2)}  ${speaker}`);
await diarizer.close();
