import { choice, flag, integer, or, text } from '@voiceflow-ml/server/args';
import { seededRandom } from 'voiceflow-ml/testing';
import { command } from '../command.ts';
import { figures, ms, summaryLine } from '../format.ts';
import { ENGINES, loadEngine } from '../model/engines.ts';
import { feedsFor, shapes } from '../model/feeds.ts';
import { readModel } from '../model/files.ts';
import { type IsolatedResult, measureIsolated } from '../model/isolated.ts';

export const cpu = command({
  summary: 'one network in isolation: one thread, sequential runs',
  options: {
    model: text('FILE.onnx', 'an ONNX network (the embedded fast-cnn)'),
    iterations: integer([1, 1_000_000], 200, 'measured runs'),
    warmup: integer([0, 100_000], 20, 'runs before the measurement'),
    engine: or(choice(ENGINES, ENGINES.join(', ')), ENGINES[0]),
    shape: shapes("shapes of inputs; dimensions of the caller's choice are 1 when absent"),
    json: flag('the result as JSON'),
  },
  notes: `Example
  npm run bench -- cpu --model segmentation-3.0.onnx --shape waveform=1,1,160000 --iterations 50`,
  async run({ model: path, iterations, warmup, engine, shape, json }, io) {
    const file = await readModel(path);
    const model = await loadEngine(engine, file);
    try {
      const options = { engine, name: file.name, iterations, warmup, signal: io.signal };
      const result = await measureIsolated(model, feedsFor(model.inputs, shape, seededRandom(1)), options);
      io.out(json ? JSON.stringify(result) : formatIsolated(result));
    } finally {
      await model.close();
    }
  },
});

function formatIsolated(result: IsolatedResult): string {
  return [
    `${result.model}, ${result.engine}: ${result.iterations} runs`,
    `latency     min ${ms(result.latency.min)} · ${summaryLine(result.latency)}`,
    `throughput  ${figures(result.throughput)} req/s`,
    `CPU         ${ms(result.cpu)} per run`,
  ].join('\n');
}
