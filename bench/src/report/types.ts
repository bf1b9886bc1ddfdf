import type { BackendsResult } from '../compare-runtimes.ts';
import type { GeneratorResult } from '../load/generator-cost.ts';
import type { Machine } from '../machine.ts';
import type { IsolatedResult } from '../model/isolated.ts';
import type { PeerResult } from '../peers/result.ts';
import type { SpeedResult } from '../pipelines.ts';
import type { ScaleOutResult } from '../scale-out/measure.ts';
import type { Verdict } from '../sla.ts';
import type { NoiseReport } from '../stats/noise.ts';
import type { ServingResult } from './serving.ts';

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
