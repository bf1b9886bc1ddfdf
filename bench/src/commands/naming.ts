import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { integer, number, text } from '@voiceflow-ml/server/args';
import { createDiarizer } from 'voiceflow-ml';
import { FALSE_NAMES, type ModelManifest } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { modelWith } from '../accuracy/model.ts';
import { MODEL } from '../accuracy/options.ts';
import { command } from '../command.ts';
import { collectVoices, drawRates, fitRules, type NamingRates, type VoicePair } from '../naming/naming.ts';
import { readPeople, SpeechReader } from '../naming/speech.ts';
import { withSettings } from '../settings.ts';

const BOOKS = [1, 5, 20, 40] as const;
const DRAWS = 4000;
const SEED = 5;

export const naming = command({
  summary: 'false names of unknown speakers and correct names of known ones, by size of the voice book',
  words: 'INDEX…',
  about: `INDEX: an index of speech, a list of trials (see bench/src/naming/speech.ts), or a folder of recordings with reference
RTTM.`,
  options: {
    model: MODEL,
    'false-names': number([0.0001, 0.5], FALSE_NAMES, 'accepted share of unknown speakers that get a name'),
    enroll: number([2, 600], 12, 'seconds of speech per enrolled voice'),
    hear: number([1, 600], 8, 'seconds of test speech per person, from other recordings'),
    people: integer(
      [3, 100_000],
      150,
      `maximum people per index; people with only one recording (of 10 s or more) are unknown speakers and members of books, but not tested for their own name`,
    ),
    write: text('MANIFEST', 'fit the naming rules and write them: at, width, nuisance'),
  },
  notes: `The committed rules were fitted by
  npm run bench -- naming ../shared/corpus/trials-dev.tsv ../shared/corpus/train/index.tsv HELD/index.tsv \\
    --write models/fast-cnn/manifest.json`,
  async run({ model: name, 'false-names': falseNames, write: target, ...lengths }, io, indexes) {
    const model = await modelWith(name);
    const { space } = model.manifest;
    await using diarizer = await createDiarizer({ model });
    const sets: { name: string; all: VoicePair[] }[] = [];
    for (const index of indexes) {
      io.note(index);
      const name = basename(index) === 'index.tsv' ? basename(dirname(index)) : basename(index, '.tsv');
      sets.push({ name, all: await collectVoices(diarizer, await readPeople(index), new SpeechReader(), lengths) });
    }
    let context = { space, settings: settingsOf(model.manifest) };
    if (target !== undefined) {
      const found = fitRules(
        sets.map(({ all }) => all),
        context,
        SEED,
      );
      const [at, width] = [found.at, found.width].map((x) => Math.round(x * 100) / 100);
      const original = JSON.parse(await readFile(target, 'utf8')) as ModelManifest;
      const manifest = withSettings(original, {
        'known.at': at,
        'known.width': width,
        ...(context.settings.known.evidence && { 'known.evidence.nuisance': pipeline.packNumbers(found.nuisance) }),
      });
      await writeFile(target, `${JSON.stringify(manifest, null, 2)}\n`);
      io.out(`known.at ${at}, known.width ${width}`);
      context = { space, settings: settingsOf(manifest) };
    }
    for (const { name, all } of sets) {
      io.out(`${name}: ${all.length} people, ${lengths.enroll} s of enrollment, ${lengths.hear} s of test speech`);
      for (const book of BOOKS.filter((size) => size < all.length)) {
        io.out(`  ${line(drawRates(all, { book, falseNames, draws: DRAWS, seed: SEED }, context))}`);
      }
    }
  },
});

function settingsOf(manifest: ModelManifest): pipeline.SolveSettings {
  return manifest.pipeline === 'recordings' ? pipeline.recordingSettings(manifest) : pipeline.fastCnnSettings(manifest);
}

function line({ book, falseNames, right, wrong }: NamingRates): string {
  const share = (percent: number | undefined) => (percent === undefined ? '–' : `${percent.toFixed(1)} %`);
  return `book of ${String(book).padStart(2)}: unknown speakers named ${share(falseNames)}, known speakers named correctly ${share(right)}, wrongly ${share(wrong)}`;
}
