import { choice, flag, integer, or } from '@voiceflow-ml/server/args';
import { command } from '../command.ts';
import { measureBackends } from '../compare-runtimes.ts';
import { renderSections } from '../report/markdown.ts';
import { backends as section } from '../report/sections.ts';

export const backends = command({
  summary: 'native against WASM, batches, cold start, on Node, Bun and Deno (mitata)',
  about: 'All contenders take turns in one process a runtime, so that ratios compare like with like.',
  options: {
    iterations: integer([10, 100_000], 200, 'runs of each contender'),
    runtimes: or(choice(['all', 'this'], 'all (those that are installed), or this'), 'all'),
    json: flag('the result as JSON'),
  },
  async run({ iterations, runtimes, json }, io) {
    const result = await measureBackends({ iterations, all: runtimes === 'all' }, io);
    io.out(json ? JSON.stringify(result) : [renderSections([section(result)]), ...result.skipped].join('\n\n'));
  },
});
