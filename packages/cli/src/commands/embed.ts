import { number, UsageError } from '@voiceflow-ml/server/args';
import { defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, LENGTH_OPTIONS, openDiarizer, withinHours } from '../diarizer.ts';
import { EXIT, onFile } from '../errors.ts';
import { openAudio } from '../files/open.ts';

/** In seconds; far longer than a recording may be. */
const LATEST = 1e7;

const options = {
  from: number([0, LATEST], 'SECONDS', 'start of the part to use (default 0)', 'seconds'),
  to: number([0, LATEST], 'SECONDS', 'end of the part to use (default: end of the recording)', 'seconds'),
  ...LENGTH_OPTIONS,
  ...ENGINE_OPTIONS,
};

export const embed = defineCommand({
  usage: 'FILE [--from s] [--to s]',
  details: [
    'Prints JSON with a vector of unit length (an embedding) for the voice in the recording, or in a part of it in which one person speaks. The cosine of two vectors is the similarity of the voices; compare only vectors of the same "space".',
  ],
  options,
  examples: [
    { command: 'voiceflow embed ada.wav > ada.json', does: 'the voice of a whole recording' },
    { command: 'voiceflow embed meeting.wav --from 12.5 --to 20', does: 'the voice in a part of it' },
  ],
  async run(values, positionals, { io, signal }) {
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) {
      throw new UsageError(`embed needs one FILE, received ${positionals.length}`);
    }
    const { from, to } = values;
    if (to !== undefined && to <= (from ?? 0))
      throw new UsageError(`--to is ${to}, expected more than --from (${from ?? 0})`);
    const whole = from === undefined && to === undefined;
    const segments = whole ? undefined : [{ start: from ?? 0, end: to ?? LATEST }];
    const audio = await onFile(path, () => openAudio(path));
    await using diarizer = await openDiarizer(values, signal);
    const [embedding] = await onFile(path, () =>
      withinHours(values, (limits) => diarizer.embed(audio, { signal, limits, segments })),
    );
    const { id, version, space } = diarizer.manifest;
    const part = whole ? {} : { start: from ?? 0, end: to };
    const result = { file: path, ...part, model: { id, version, space }, embedding: [...(embedding ?? [])] };
    await io.out(`${JSON.stringify(result)}\n`);
    return EXIT.done;
  },
});
