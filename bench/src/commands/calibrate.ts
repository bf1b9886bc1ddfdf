import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type ModelManifest, VoiceFlowError } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { parseWithFolders } from '../accuracy/flags.ts';
import { type BenchCommand, textFlag } from '../args.ts';
import { fitConfidence, judgeTurns, reliability } from '../calibrate/confidence.ts';
import { cost, evaluate, search } from '../calibrate/search.ts';
import { learnVoices } from '../calibrate/voices.ts';
import { analyzeFolders } from '../calibrate/windows.ts';
import { withSettings } from '../settings.ts';

export const calibrate: BenchCommand = {
  summary: 'everything in a manifest that depends on the weights: voice space, thresholds, confidence',
  help: `npm run bench -- calibrate DEV-FOLDER… --voices FOLDER --manifest FILE [options]

  DEV-FOLDER        labelled recordings that the thresholds are chosen on, each folder counting the same
  --voices FOLDER   labelled recordings that the voice space is learnt from (many speakers, rooms, noises)
  --manifest FILE   the model's manifest.json; its weights lie beside it
  --weights FILE    other weights than the manifest's, to try them
  --keep            keep the thresholds: only voice space and confidence
  --write           write the manifest (otherwise the settings are printed)

The recordings that the committed settings were learnt from (repeatable, 36 conversations of training speakers):
  python3 ../shared/corpus/gen_sim.py --index ../shared/corpus/train/index.tsv --out VOICES --n 36 --seed 77 \\
    --prefix sc --noise ../shared/corpus/noise/noise --maxsec 180
  npm run calibrate -- ../shared/corpus/eval/sim-dev ../shared/corpus/eval/real-dev examples/audio \\
    --voices VOICES --manifest models/fast-cnn/manifest.json --write
Then the rules by which voices get names: npm run bench -- naming`,
  async run(args, io) {
    const kinds = {
      voices: 'string',
      manifest: 'string',
      weights: 'string',
      keep: 'boolean',
      write: 'boolean',
    } as const;
    const { folders, flags } = parseWithFolders(args, kinds);
    const path = required(textFlag(flags, 'manifest'), 'manifest');
    const voices = required(textFlag(flags, 'voices'), 'voices');
    const original = JSON.parse(await readFile(path, 'utf8')) as ModelManifest;
    const weights =
      textFlag(flags, 'weights') ?? resolve(dirname(path), required(Object.keys(original.files)[0], 'files'));
    const bytes = new Uint8Array(await readFile(weights));
    io.note(`weights ${weights}, SHA-256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}…`);
    const { nodeBackend } = await import('voiceflow-ml/backends/node');
    const model = await nodeBackend().load({ name: weights, bytes }, { workers: availableParallelism() });
    try {
      const told = (name: string) => io.note(`  ${name}`);
      const learnt = await analyzeFolders(original, model, [voices], told);
      const dev = await analyzeFolders(original, model, folders, told);
      const manifest = calibrated(original, learnt, dev, flags.keep === true, io.note);
      for (const { set, der, countError } of evaluate(manifest, dev)) {
        io.out(`${set}: DER ${der.toFixed(1)} %, voices off by ${countError.toFixed(2)}`);
      }
      if (flags.write === true) await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
      else io.out(JSON.stringify(manifest.settings));
      return 0;
    } finally {
      await model.close();
    }
  },
};

function calibrated(
  original: ModelManifest,
  learnt: Parameters<typeof learnVoices>[0],
  dev: Parameters<typeof search>[1],
  keep: boolean,
  note: (line: string) => void,
): ModelManifest {
  const { activity } = pipeline.fastCnnSettings(original);
  const space = learnVoices(learnt, activity.on, 1 / (learnt[0]?.local.frames ?? 1));
  let manifest = withSettings(original, {
    'voices.between': [...space.between].map((x) => Math.round(x * 1e4) / 1e4),
    'voices.mean': pipeline.packNumbers(space.mean),
    'voices.projection': pipeline.packNumbers(space.projection),
  });
  if (keep) note(`thresholds kept: ${cost(evaluate(manifest, dev)).toFixed(2)}`);
  else manifest = search(manifest, dev, note);
  // Confidence is fitted where the speakers are new to the network, as a user's are.
  const turns = judgeTurns(manifest, dev);
  const confidence = fitConfidence(turns);
  note(`confidence: off by ${(100 * reliability(turns, confidence).error).toFixed(1)} points on average`);
  return withSettings(manifest, { confidence });
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new VoiceFlowError('invalid-option', `--${name} is missing`, { hint: 'see --help' });
}
