// Diarizes every WAV file of a folder and writes an RTTM file for each.
//   node examples/batch-folder.mjs [recordings results]
// All files use one diarizer. A file that cannot be read does not stop the others.
import { openAsBlob } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDiarizer, VoiceFlowError } from 'voiceflow-ml';

const folder = process.argv[2] ?? fileURLToPath(new URL('audio', import.meta.url));
const results = process.argv[3] ?? 'demo-output';

await mkdir(results, { recursive: true });
const diarizer = await createDiarizer();
for (const file of (await readdir(folder)).filter((name) => name.endsWith('.wav'))) {
  try {
    const result = await diarizer.diarize(await openAsBlob(join(folder, file)));
    const { name } = parse(file);
    await writeFile(join(results, `${name}.rttm`), result.toRTTM(name));
    console.log(`${file}: ${result.speakers.length} speakers, ${result.turns.length} turns`);
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    console.error(`${file}: ${error.message} [${error.code}]. ${error.hint ?? ''}`);
    process.exitCode = 1;
  }
}
await diarizer.close();
