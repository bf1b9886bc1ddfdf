/** Who speaks when in a WAV, by the default model or one in a folder, on a backend: turns as JSON. */
import { readFile } from 'node:fs/promises';
import { createDiarizer } from 'voiceflow-ml';
import { modelFromFolder } from 'voiceflow-ml/installed';
import { host } from './host.mjs';

const [, , backend, file, folder] = process.argv;
const model = folder === undefined ? {} : { model: await modelFromFolder(folder) };
const diarizer = await createDiarizer({ backend, ...model });
const { turns, speakers } = await diarizer.diarize(new Uint8Array(await readFile(file)));
await diarizer.close();
console.log(JSON.stringify({ host: host(), turns, speakers: speakers.map(({ label }) => label) }));
