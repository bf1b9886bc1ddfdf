import { type BenchCommand, choiceFlag, countFlag, parseFlags, textFlag } from '../args.ts';
import { figures, ms, summaryLine } from '../format.ts';
import { ENGINES, loadEngine } from '../model/engines.ts';
import { feedsFor, parseShapes } from '../model/feeds.ts';
import { FAST_CNN, fastCnnPath, readModel } from '../model/files.ts';
import { type IsolatedResult, measureIsolated } from '../model/isolated.ts';
import { seededRandom } from '../stats/random.ts';

const FLAGS = {
  model: 'string',
  engine: 'string',
  iterations: 'string',
  warmup: 'string',
  shape: 'string',
  seed: 'string',
  json: 'boolean',
} as const;

export const cpu: BenchCommand = {
  summary: 'one network alone: one thread, one run after the other',
  help: `npm run bench -- cpu [--model FILE.onnx] [options]

  --model FILE        any ONNX network; the embedded fast-cnn when absent
  --iterations 200    runs that count, after --warmup 20
  --engine native     ${ENGINES.join(', ')}
  --shape N=1,2;M=3   shapes of inputs; dimensions of the caller's choice are 1 when absent
  --seed 1            of the noise that is fed
  --json              the result as JSON

Example
  npm run bench -- cpu --model segmentation-3.0.onnx --shape waveform=1,1,160000 --iterations 50`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const engine = choiceFlag(flags, 'engine', ENGINES);
    const iterations = countFlag(flags, 'iterations', [1, 1_000_000], 200);
    const warmup = countFlag(flags, 'warmup', [0, 100_000], 20);
    const shapes = parseShapes(textFlag(flags, 'shape'));
    const random = seededRandom(countFlag(flags, 'seed', [0, 2 ** 31], 1));
    const file = await readModel(textFlag(flags, 'model') ?? fastCnnPath(FAST_CNN));
    const model = await loadEngine(engine, file);
    try {
      const options = { engine, name: file.name, iterations, warmup, ...(io.signal && { signal: io.signal }) };
      const result = await measureIsolated(model, feedsFor(model.inputs, shapes, random), options);
      io.out(flags.json === true ? JSON.stringify(result) : formatIsolated(result));
      return 0;
    } finally {
      await model.close();
    }
  },
};

function formatIsolated(result: IsolatedResult): string {
  return [
    `${result.model}, ${result.engine}: ${result.iterations} runs`,
    `latency     min ${ms(result.latency.min)} · ${summaryLine(result.latency)}`,
    `throughput  ${figures(result.throughput)} req/s`,
    `CPU         ${ms(result.cpu)} a run`,
  ].join('\n');
}
