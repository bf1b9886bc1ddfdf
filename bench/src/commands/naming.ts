import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createDiarizer, fastCnn } from 'voiceflow-ml';
import { FALSE_NAMES, type ModelManifest } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { parseWithFolders } from '../accuracy/flags.ts';
import { type BenchCommand, countFlag, numberFlag, textFlag } from '../args.ts';
import { drawRates, fitRules, type Heard, hear, liveRates, type NamingRates } from '../naming/naming.ts';
import { readPeople, SpeechReader } from '../naming/speech.ts';
import { withSettings } from '../settings.ts';

const BOOKS = [1, 5, 20, 40] as const;
const DRAWS = 4000;
const SEED = 5;

export const naming: BenchCommand = {
  summary: 'how often strangers get a name, and known people theirs, by the size of the book',
  help: `npm run bench -- naming INDEX.tsv… [options]

  INDEX.tsv            who speaks where: an index of speech, or a list of trials (see bench/src/naming/speech.ts)
  --false-names 0.02   share of strangers that may get a name
  --enroll 12          seconds that a voice is enrolled from
  --hear 8             seconds that it is heard for, in other recordings
  --people 200         of each list at most so many people
  --live               live sessions, too (slow)
  --write MANIFEST     find at and width of the rules and write them

The committed rules were found by
  npm run bench -- naming ../shared/corpus/trials-dev.tsv ../shared/corpus/train2/index.tsv --write models/fast-cnn/manifest.json`,
  async run(args, io) {
    const kinds = {
      'false-names': 'string',
      enroll: 'string',
      hear: 'string',
      people: 'string',
      live: 'boolean',
      write: 'string',
    } as const;
    const { folders: indexes, flags } = parseWithFolders(args, kinds);
    const falseNames = numberFlag(flags, 'false-names', [0.0001, 0.5], FALSE_NAMES);
    const lengths = {
      enroll: numberFlag(flags, 'enroll', [2, 600], 12),
      hear: numberFlag(flags, 'hear', [1, 600], 8),
    };
    const most = countFlag(flags, 'people', [3, 100_000], 200);
    const diarizer = await createDiarizer();
    try {
      const { space } = diarizer.manifest;
      const sets: { name: string; all: Heard[] }[] = [];
      for (const index of indexes) {
        io.note(index);
        const people = (await readPeople(index)).filter(({ recordings }) => recordings.length > 1).slice(0, most);
        sets.push({ name: basename(index), all: await hear(diarizer, people, new SpeechReader(), lengths) });
      }
      let context = { space, settings: pipeline.fastCnnSettings(fastCnn.manifest) };
      const target = textFlag(flags, 'write');
      if (target !== undefined) {
        const found = fitRules(
          sets.map(({ all }) => all),
          context,
          SEED,
        );
        const [at, width] = [found.at, found.width].map((x) => Math.round(x * 100) / 100);
        const original = JSON.parse(await readFile(target, 'utf8')) as ModelManifest;
        const manifest = withSettings(original, { 'known.at': at, 'known.width': width });
        await writeFile(target, `${JSON.stringify(manifest, null, 2)}\n`);
        io.out(`known.at ${at}, known.width ${width}`);
        context = { space, settings: pipeline.fastCnnSettings(manifest) };
      }
      for (const { name, all } of sets) {
        io.out(`${name}: ${all.length} people, enrolled from ${lengths.enroll} s, heard for ${lengths.hear} s`);
        for (const book of BOOKS.filter((size) => size < all.length)) {
          io.out(`  offline  ${line(drawRates(all, { book, falseNames, draws: DRAWS, seed: SEED }, context))}`);
        }
        if (flags.live !== true) continue;
        const rates = await liveRates(diarizer, all, { book: Math.min(20, all.length - 1), falseNames, seed: SEED });
        io.out(`  live     ${line(rates)}`);
      }
      return 0;
    } finally {
      await diarizer.close();
    }
  },
};

function line({ book, falseNames, right, wrong }: NamingRates): string {
  const share = (percent: number) => `${percent.toFixed(1)} %`;
  return `book of ${String(book).padStart(2)}: strangers named ${share(falseNames)}, known named right ${share(right)}, wrong ${share(wrong)}`;
}
