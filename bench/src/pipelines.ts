import { readFile } from 'node:fs/promises';
import { createDiarizer, standard } from 'voiceflow-ml';
import { CONVERSATION, conversationPcm, repeatedWav } from './conversation.ts';
import { median } from './stats/summary.ts';

/**
 * The model of the report's pipelines. This is the name that users give; its manifest has the name of its embedding
 * network.
 */
export const MEASURED_MODEL = 'standard';

/** The cost of a whole pipeline on one recording. */
export interface SpeedResult {
  readonly pipeline: string;
  readonly backend: string;
  readonly recording: string;
  /** Seconds of audio. */
  readonly seconds: number;
  /** Real-time factor: seconds of work per second of audio, without loading the model. Median of the repeats. */
  readonly rtf: number;
  /** The same in CPU seconds. */
  readonly cpuFactor: number;
  /** Share of the time spent in the network, 0–1. */
  readonly modelShare: number;
  /** Milliseconds to load the model. */
  readonly load: number;
  /** Peak resident memory of the whole process in megabytes. */
  readonly peakRss: number;
  readonly speakers: number;
  readonly repeats: number;
}

interface SpeedOptions {
  readonly backend: 'node' | 'wasm';
  /** Minutes of the repeated conversation; absent: the conversation itself. */
  readonly minutes?: number;
  readonly repeats: number;
}

/**
 * Measures diarization from bytes in memory to turns, with one worker. Needs its own process, because it measures the
 * process's memory.
 */
export async function measureSpeed(options: SpeedOptions): Promise<SpeedResult> {
  const audio =
    options.minutes === undefined
      ? new Uint8Array(await readFile(CONVERSATION))
      : repeatedWav(await conversationPcm(), options.minutes * 60);
  await using diarizer = await createDiarizer({ model: standard, backend: options.backend, workers: 1 });
  const runs: { readonly wall: number; readonly cpu: number }[] = [];
  let load = 0;
  for (let run = 0; ; run++) {
    const before = process.cpuUsage();
    const start = performance.now();
    const result = await diarizer.diarize(audio);
    const cpu = process.cpuUsage(before);
    runs.push({ wall: performance.now() - start, cpu: (cpu.user + cpu.system) / 1000 });
    load = Math.max(load, result.timings.load);
    if (run + 1 < options.repeats) continue;
    const middle = (name: 'wall' | 'cpu') => median(runs.map((each) => each[name]));
    const milliseconds = 1000 * result.duration;
    return {
      pipeline: MEASURED_MODEL,
      backend: result.backend,
      recording: options.minutes === undefined ? 'the demo conversation' : `${options.minutes} minutes of it repeated`,
      seconds: result.duration,
      rtf: middle('wall') / milliseconds,
      cpuFactor: middle('cpu') / milliseconds,
      modelShare: result.timings.model / result.timings.total,
      load,
      peakRss: process.resourceUsage().maxRSS / 1024,
      speakers: result.speakers.length,
      repeats: options.repeats,
    };
  }
}
