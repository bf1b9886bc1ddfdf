import { type BenchCommand, countFlag, type Flags, numberFlag, optionalNumber, parseFlags, textFlag } from '../args.ts';
import { type EndToEndResult, formatEndToEnd, measureEndToEnd } from '../network/end-to-end.ts';
import { type NetworkOptions, parseRtt } from '../network/model.ts';
import { withServer } from '../server-under-test.ts';

const FLAGS = {
  url: 'string',
  iterations: 'string',
  concurrency: 'string',
  rtt: 'string',
  jitter: 'string',
  seed: 'string',
  workers: 'string',
  json: 'boolean',
  check: 'boolean',
} as const;

export const e2e: BenchCommand = {
  summary: 'end-to-end latency over a simulated network, part by part',
  help: `npm run bench -- e2e [--url http://HOST:PORT] [options]

Requests go through a TCP proxy on loopback that delays both directions, seeded. Without --url a server of
this repository is started for it.

  --iterations 100    requests
  --concurrency 1     clients at once
  --rtt 10-40         round-trip milliseconds, drawn anew for each request
  --jitter 0          standard deviation of each delivery's delay, milliseconds
  --workers N         workers of the server started here
  --seed 1            of the network and the audio
  --check             exit with 1 when P99 is 100 ms or more
  --json              the result as JSON

Example
  npm run bench -- e2e --iterations 100 --rtt 10-40 --jitter 2`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    const network = networkOf(flags);
    const iterations = countFlag(flags, 'iterations', [1, 1_000_000], 100);
    const concurrency = countFlag(flags, 'concurrency', [1, 1000], 1);
    const seed = countFlag(flags, 'seed', [0, 2 ** 31], 1);
    const measure = (url: string) => measureEndToEnd({ url, iterations, concurrency, seed, network });
    const url = textFlag(flags, 'url');
    const result =
      url !== undefined
        ? await measure(url)
        : await withServer({ workers: optionalNumber(flags, 'workers', [1, 256]), signal: io.signal }, (server) =>
            measure(server.url),
          );
    io.out(flags.json === true ? JSON.stringify(result) : formatEndToEnd(result));
    return flags.check === true && !keeps(result) ? 1 : 0;
  },
};

function networkOf(flags: Flags): NetworkOptions {
  return {
    rtt: parseRtt(textFlag(flags, 'rtt') ?? '10-40'),
    jitter: numberFlag(flags, 'jitter', [0, 10_000], 0),
  };
}

function keeps(result: EndToEndResult): boolean {
  return result.verdicts.every((verdict) => verdict.kept);
}
