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

/** Throughput at one level of concurrency. */
export interface SweepPoint {
  readonly concurrency: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly successRate: number;
}

/** An open loop at a share of the highest throughput. */
export interface OpenPoint {
  /** Request rate relative to the highest throughput. 1.5 is 50 % more than the server can handle. */
  readonly share: number;
  readonly rate: number;
  readonly load: LoadResult;
}

/** Load tests of one server, with the generator in another process. */
export interface ServingResult {
  readonly workers: number;
  /** 20 clients, 200 requests; one result per repeat. */
  readonly first: readonly LoadResult[];
  /** 20 clients, long enough for a P99.9. */
  readonly closed: LoadResult;
  /** The same with JSON responses. */
  readonly json: LoadResult;
  readonly single: LoadResult;
  readonly sweep: readonly SweepPoint[];
  readonly open: readonly OpenPoint[];
  readonly sessions?: SessionsResult;
  /** CPU milliseconds of the server process per request, and its memory in megabytes, if the system reports them. */
  readonly cpu?: number;
  readonly rss?: number;
  readonly endToEnd: EndToEndResult;
  /** 20 clients through the same simulated network. */
  readonly endToEndLoaded: EndToEndResult;
}

/** DER and its parts of one pipeline on one set, in percent. */
export interface AccuracyRow {
  readonly pipeline: string;
  readonly set: string;
  readonly der: number;
  readonly miss: number;
  readonly falseAlarm: number;
  readonly confusion: number;
  readonly jer: number;
  readonly recordings: number;
  /** Mean of |found − true number of speakers|. */
  readonly countError: number;
  readonly rtf: number;
}

/** All results of one `bench report`. What was not measured is absent here and listed in `notMeasured`. */
export interface Report {
  readonly schema: 1;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Duration of the measurements in seconds. */
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
