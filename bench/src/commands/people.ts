import { integer, number } from '@voiceflow-ml/server/args';
import { createDiarizer } from 'voiceflow-ml';
import { invalidOption } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { modelWith } from '../accuracy/model.ts';
import { MODEL } from '../accuracy/options.ts';
import { command, settings } from '../command.ts';
import { crowdOf, groupsOf } from '../naming/crowd.ts';
import { readPeople, SpeechReader } from '../naming/speech.ts';

const SEED = 9;

export const people = command({
  summary: 'how many people are found in conversations of many people of one corpus',
  words: 'INDEX…',
  about: `INDEX: an index of speech, or a list of trials (see bench/src/naming/speech.ts). People of one corpus speak in random
order, in turns of up to four seconds with short pauses between them.`,
  options: {
    model: MODEL,
    people: integer([2, 100], 10, 'people per conversation'),
    seconds: number([2, 600], 12, 'seconds of speech per person'),
    set: settings('manifest settings to replace, such as cluster.offset=0'),
  },
  notes: `Example
  npm run bench -- people ../shared/corpus/trials-dev.tsv --people 5`,
  async run({ model, people: size, seconds, set }, io, indexes) {
    await using diarizer = await createDiarizer({ model: await modelWith(model, set) });
    const reader = new SpeechReader();
    const results: Result[] = [];
    for (const index of indexes) {
      for (const group of groupsOf(await readPeople(index), size, seconds)) {
        const { samples, sampleRate, turns } = await crowdOf(group, seconds, reader, SEED);
        const result = await diarizer.diarize({ samples, sampleRate }, { signal: io.signal });
        const { total } = scoreDiarization({ uri: '', turns }, { uri: '', turns: result.turns });
        results.push({ corpus: group[0]?.corpus ?? '', found: result.speakers.length, der: total.der ?? 0 });
      }
    }
    if (results.length === 0) {
      throw invalidOption(`no corpus has ${size} people with ${seconds} s of speech`);
    }
    for (const corpus of new Set(results.map((result) => result.corpus))) {
      const some = results.filter((result) => result.corpus === corpus);
      io.out(`${corpus.padEnd(24)} ${line(some)}, found of ${size}: ${some.map(({ found }) => found).join(', ')}`);
    }
    const off = results.map(({ found }) => Math.abs(found - size));
    io.out(`${'all'.padEnd(24)} ${line(results)}, off by ${mean(off).toFixed(2)} of ${size}`);
  },
});

interface Result {
  readonly corpus: string;
  readonly found: number;
  readonly der: number;
}

function line(results: readonly Result[]): string {
  return `DER ${mean(results.map(({ der }) => der)).toFixed(1)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
