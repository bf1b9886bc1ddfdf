import { openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { flag, integer, number, text } from '@voiceflow-ml/server/args';
import { createDiarizer } from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { type Backend, type Diarizer, invalidOption, type ModelPackage, type Turn } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { accuracy } from '../accuracy/accuracy.ts';
import { bySettings, modelWith, settingOf, withModelSettings } from '../accuracy/model.ts';
import { MODEL } from '../accuracy/options.ts';
import { asWav, recordingsOf } from '../accuracy/recordings.ts';
import { cachingBackend } from '../calibrate/caching-backend.ts';
import {
  calibrationError,
  EVIDENCE_WEIGHTS,
  fitConfidence,
  judgeTurns,
  type RecordingEvidence,
} from '../calibrate/confidence.ts';
import { drawsOf, gridOf, type SetScore, search } from '../calibrate/search.ts';
import { fitVoiceSpace } from '../calibrate/voices.ts';
import { analyzeFolder } from '../calibrate/windows.ts';
import { type BenchIo, command, settings } from '../command.ts';
import { measureLive } from '../live.ts';
import { withSettings } from '../settings.ts';

const SEED = 1;

export const calibrate = command({
  summary: 'fits what depends on the weights in a manifest: voice space, thresholds, confidence',
  words: 'DEV-FOLDER…',
  about: `DEV-FOLDER: recordings with reference RTTM for choosing the settings; all folders have equal weight. The networks run
once per input; settings are evaluated on the stored outputs.`,
  options: {
    model: MODEL,
    set: settings("settings to begin with, in place of the manifest's"),
    voices: text(
      'FOLDER',
      'fit the voice space to labeled recordings of many speakers, rooms and noises, preferably of speakers that are not in the training data (models/fast-cnn/training/split.py)',
    ),
    live: number(
      [0.5, 5],
      'SECONDS',
      'also evaluate live sessions of this latency, with the same weight as recordings',
    ),
    draws: integer([0, 10_000], 0, 'random settings to evaluate before the search'),
    keep: flag('keep the thresholds; fit only voice space and confidence'),
    write: text(
      'FOLDER',
      "write FOLDER/manifest.json; the segmenter's settings (gate.) there, or beside it in ../segmenter",
    ),
  },
  notes: `Afterwards, fit the naming rules: npm run bench -- naming

Example
  python3 ../shared/corpus/gen_sim.py --index HELD/index.tsv --out VOICES --n 40 --seed 77 \\
    --prefix sh --noise ../shared/corpus/noise/noise --maxsec 180
  npm run bench -- calibrate ../shared/corpus/eval/{sim,real,meet,phone}-dev examples/audio --voices VOICES --write models/fast-cnn`,
  async run({ model: name, set, voices, live: latency, draws, keep, write: folder }, io, folders) {
    const backend = cachingBackend(nodeBackend());
    const bench: Bench = { folders, latency, backend, io };
    try {
      let found: Record<string, unknown> = { ...set };
      if (voices !== undefined)
        found = { ...found, ...(await voiceSpace(await modelWith(name, found), voices, bench)) };
      if (!keep) found = { ...found, ...(await thresholds(await modelWith(name, found), draws, bench)) };
      found.confidence = await confidence(await modelWith(name, found), bench);
      if (folder !== undefined) await write(folder, found);
      io.out(JSON.stringify(Object.fromEntries(Object.entries(found).filter(([path]) => !/^voices/.test(path)))));
    } finally {
      await backend.end();
    }
  },
});

/** The context of a search. */
interface Bench {
  readonly folders: readonly string[];
  readonly latency: number | undefined;
  readonly backend: Backend;
  readonly io: BenchIo;
}

async function withDiarizer<T>(model: ModelPackage, { backend }: Bench, use: (diarizer: Diarizer) => Promise<T>) {
  await using diarizer = await createDiarizer({ model, backend, workers: availableParallelism() });
  return await use(diarizer);
}

async function voiceSpace(model: ModelPackage, folder: string, bench: Bench): Promise<Record<string, unknown>> {
  const { manifest } = model;
  if (manifest.pipeline !== 'fast-cnn') {
    throw invalidOption(`--voices fits the voice space of the Fast CNN; this pipeline is ${manifest.pipeline}`);
  }
  const weights = await model.read(bench.io.signal);
  const network = await bench.backend.load({ name: manifest.id, bytes: weights }, { workers: availableParallelism() });
  const analyzed = await analyzeFolder(manifest, network, folder, (name) => bench.io.note(`  ${name}`));
  const { activity } = pipeline.fastCnnSettings(manifest);
  const space = fitVoiceSpace(analyzed, activity.on, 1 / (analyzed[0]?.local.frames ?? 1));
  return {
    'voices.between': [...space.between].map((x) => Math.round(x * 1e4) / 1e4),
    'voices.mean': pipeline.packNumbers(space.mean),
    'voices.projection': pipeline.packNumbers(space.projection),
  };
}

function thresholds(model: ModelPackage, draws: number, bench: Bench) {
  const grid = gridOf(model.manifest.pipeline, model.segmenter?.manifest.settings.gate !== undefined);
  return search(
    grid,
    (path) => settingOf(model, path),
    (choice) => withDiarizer(withModelSettings(model, choice), bench, (diarizer) => scores(diarizer, bench)),
    drawsOf(grid, draws, seededRandom(SEED)),
    bench.io.note,
  );
}

async function scores(diarizer: Diarizer, { folders, latency, io: { signal } }: Bench): Promise<SetScore[]> {
  const whole = await accuracy(diarizer, { folders, signal });
  const live = latency === undefined ? [] : await measureLive(diarizer, { folders, latency, signal });
  return [
    ...whole.map(({ folder, total, countError }) => ({ set: folder, der: total.der ?? 0, countError })),
    ...live.map(({ folder, live: der }) => ({ set: `${folder} live`, der, countError: 0 })),
  ];
}

/** Fits the confidence on recordings whose speakers are new to the network, as a user's are. */
async function confidence(model: ModelPackage, bench: Bench) {
  const turnsBy = (weights: object) =>
    withDiarizer(withModelSettings(model, { confidence: weights }), bench, async (diarizer) => {
      const found: { reference: readonly Turn[]; turns: readonly Turn[] }[] = [];
      for (const folder of bench.folders) {
        for (const { audio, reference } of await recordingsOf(folder)) {
          found.push({ reference, turns: (await diarizer.diarize(await openAsBlob(await asWav(audio)))).turns });
        }
      }
      return found;
    });
  const byActivity = await turnsBy(EVIDENCE_WEIGHTS.byActivity);
  const byIdentity = await turnsBy(EVIDENCE_WEIGHTS.byIdentity);
  const recordings = byActivity.map(
    ({ reference, turns }, i): RecordingEvidence => ({
      reference,
      byActivity: turns,
      byIdentity: byIdentity[i]!.turns,
    }),
  );
  const turns = judgeTurns(recordings);
  const fitted = fitConfidence(turns);
  bench.io.note(`confidence: off by ${(100 * calibrationError(turns, fitted)).toFixed(1)} points on average`);
  return fitted;
}

async function write(folder: string, settings: Readonly<Record<string, unknown>>): Promise<void> {
  const { own, gate } = bySettings(settings);
  const path = join(folder, 'manifest.json');
  const manifest = withSettings(JSON.parse(await readFile(path, 'utf8')), own);
  const inner = manifest.segmenter;
  await save(path, inner ? { ...manifest, segmenter: withSettings(inner, gate) } : manifest);
  if (inner || Object.keys(gate).length === 0) return;
  const beside = join(folder, '..', 'segmenter', 'manifest.json');
  await save(beside, withSettings(JSON.parse(await readFile(beside, 'utf8')), gate));
}

function save(path: string, manifest: object): Promise<void> {
  return writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
