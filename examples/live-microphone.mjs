// Prints who is speaking now. Reads raw audio (16-bit mono at 16 kHz) from standard input, here from a microphone:
//   arecord -q -t raw -f S16_LE -r 16000 -c 1 | node examples/live-microphone.mjs
//   ffmpeg -loglevel error -f avfoundation -i :0 -ac 1 -ar 16000 -f s16le - | node examples/live-microphone.mjs
import { createDiarizer } from 'voiceflow-ml';

const diarizer = await createDiarizer();
const session = diarizer.open({ sampleRate: 16_000, keepUp: true });
process.once('SIGINT', () => process.stdin.destroy());

const printed = (async () => {
  for await (const event of session) {
    if (event.type === 'turn-end') console.log(`${event.start.toFixed(1)}  ${event.end.toFixed(1)}  ${event.speaker}`);
    if (event.type === 'speaker-merged') console.log(`${event.from} is ${event.into}`);
  }
})();

let rest = Buffer.alloc(0);
try {
  for await (const chunk of process.stdin) {
    const bytes = Buffer.concat([rest, chunk]);
    const samples = new Float32Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(2 * i) / 32_768;
    rest = bytes.subarray(2 * samples.length);
    await session.push(samples);
  }
} catch (error) {
  if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // Ctrl-C
}

const { speakers } = await session.end();
await printed;
for (const { label, seconds } of speakers) console.log(`${label} spoke for ${seconds.toFixed(1)} s`);
await diarizer.close();
