/** Who speaks when in a WAV, by the default model on a backend: turns as JSON. */
import { readFile } from 'node:fs/promises';
import { createDiarizer } from 'voiceflow-ml';
import { host } from './host.mjs';

const [, , backend, file] = process.argv;
const diarizer = await createDiarizer({ backend });
const { turns, speakers } = await diarizer.diarize(new Uint8Array(await readFile(file)));
await diarizer.close();
console.log(JSON.stringify({ host: host(), turns, speakers: speakers.map(({ label }) => label) }));
