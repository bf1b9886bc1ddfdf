import { choice, flag, integer, or } from '@voiceflow-ml/server/args';
import { command } from '../command.ts';
import { measureBackends } from '../compare-runtimes.ts';
import { renderSections } from '../report/markdown.ts';
import { backends as section } from '../report/sections.ts';

export const backends = command({
  summary: 'native and WASM backends, batches and cold start on Node, Bun and Deno (mitata)',
  about: 'In each runtime, all contenders run alternately in one process, so that their ratios are comparable.',
  options: {
    iterations: integer([10, 100_000], 200, 'runs per contender'),
    runtimes: or(choice(['all', 'this'], 'all (every installed runtime) or this'), 'all'),
    json: flag('the result as JSON'),
  },
  async run({ iterations, runtimes, json }, io) {
    const result = await measureBackends({ iterations, all: runtimes === 'all' }, io);
    io.out(json ? JSON.stringify(result) : [renderSections([section(result)]), ...result.skipped].join('\n\n'));
  },
});
