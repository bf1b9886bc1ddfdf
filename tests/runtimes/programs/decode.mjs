/** Decodes files with @voiceflow-ml/codecs: how many samples each has, and their sum of squares, as JSON. */
import { readFile } from 'node:fs/promises';
import { codecs } from '@voiceflow-ml/codecs';
import { openAudio } from 'voiceflow-ml/core';
import { measure } from './decode-all.mjs';
import { host } from './host.mjs';

const files = process.argv.slice(2);
const open = async (file) => openAudio(new Uint8Array(await readFile(file)), { sampleRate: 16_000, decoders: codecs });
console.log(JSON.stringify({ host: host(), results: await measure(files, open) }));
