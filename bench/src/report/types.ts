import type { BackendsResult } from '../compare-runtimes.ts';
import type { GeneratorResult } from '../load/generator-cost.ts';
import type { LoadResult } from '../load/recorder.ts';
import type { SessionsResult } from '../load/sessions.ts';
import type { Machine } from '../machine.ts';
import type { IsolatedResult } from '../model/isolated.ts';
import type { EndToEndResult } from '../network/end-to-end.ts';
import type { PeerResult } from '../peers/result.ts';
import type { SpeedResult } from '../pipelines.ts';
import type { ScaleOutResult } from '../scale-out/measure.ts';
import type { Verdict } from '../sla.ts';
import type { NoiseReport } from '../stats/noise.ts';

/** One point of throughput against concurrency. */
export interface SweepPoint {
  readonly concurrency: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly successRate: number;
}

/** An open loop at a share of the greatest throughput. */
export interface OpenPoint {
  /** 1.5: half as much again as the server can do. */
  readonly share: number;
  readonly rate: number;
  readonly load: LoadResult;
}

/** One server process under load from another. */
export interface ServingResult {
  readonly workers: number;
  /** 20 clients, 200 requests, as often as repeated. */
  readonly first: readonly LoadResult[];
  /** 20 clients, long enough for a P99.9. */
  readonly closed: LoadResult;
  /** The same, answered in JSON. */
  readonly json: LoadResult;
  readonly single: LoadResult;
  readonly sweep: readonly SweepPoint[];
  readonly open: readonly OpenPoint[];
  readonly sessions?: SessionsResult;
  /** CPU-milliseconds of the server process a request, and its memory in megabytes; where the system tells. */
  readonly cpu?: number;
  readonly rss?: number;
  readonly endToEnd: EndToEndResult;
  /** 20 clients through the same simulated network. */
  readonly endToEndLoaded: EndToEndResult;
}

/** DER and its parts of one pipeline on one set, in per cent. */
export interface AccuracyRow {
  readonly pipeline: string;
  readonly set: string;
  readonly der: number;
  readonly miss: number;
  readonly falseAlarm: number;
  readonly confusion: number;
  readonly jer: number;
  readonly recordings: number;
  /** Mean of |speakers found − speakers there are|. */
  readonly countError: number;
  readonly rtf: number;
}

/** All that one `bench report` measured; what was not measured is absent here and named in `notMeasured`. */
export interface Report {
  readonly schema: 1;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Seconds that the measurements took. */
  readonly seconds: number;
  readonly machine: Machine;
  readonly noise: NoiseReport;
  /** Repeats of the same measurement. */
  readonly isolated?: readonly IsolatedResult[];
  readonly backends?: BackendsResult;
  readonly generator?: GeneratorResult;
  readonly serving?: ServingResult;
  readonly speed?: readonly SpeedResult[];
  readonly accuracy?: readonly AccuracyRow[];
  readonly scaleOut?: readonly ScaleOutResult[];
  readonly peers?: readonly PeerResult[];
  readonly verdicts: readonly Verdict[];
  readonly notMeasured: readonly string[];
}
