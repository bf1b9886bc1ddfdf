import { basename } from 'node:path';
import type { Values } from '@voiceflow-ml/server/args';
import { type Diarization, type DiarizeOptions, type Diarizer, type Progress, throwIfAborted } from 'voiceflow-ml/core';
import type { Context } from '../command.ts';
import { type LENGTH_OPTIONS, withinHours } from '../diarizer.ts';
import { isAbort } from '../errors.ts';
import { withAudio } from '../files/ffmpeg.ts';
import { writeFileAtomic } from '../files/write.ts';
import { oneLine } from '../printable.ts';
import { ProgressLine } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { arrangeTimeline, type Timeline } from '../render/rows.ts';
import { timelineSvg } from '../render/svg.ts';
import { timelineText } from '../render/terminal.ts';
import { printWarnings } from '../warnings.ts';
import { type Format, shown, write } from './formats.ts';
import { inOrder } from './in-order.ts';
import type { Output } from './outputs.ts';

/** The recordings of one call, and what to do with each. */
interface Job {
  readonly outputs: readonly Output[];
  readonly diarizer: Diarizer;
  readonly options: DiarizeOptions;
  readonly length: Values<typeof LENGTH_OPTIONS>;
  readonly format: Format;
  readonly exclusive: boolean;
  /** Recordings processed concurrently. */
  readonly atOnce: number;
  readonly context: Context;
  /** Receives the failure of a recording, which does not stop the others. */
  readonly reportError: (path: string, error: unknown) => void;
}

/**
 * Diarizes the recordings and writes the results.
 * @throws `aborted`; FileError when standard output cannot be written, which ends the whole run.
 */
export async function runJob(job: Job): Promise<void> {
  const { outputs, atOnce, reportError } = job;
  const { io, signal } = job.context;
  const progress = new ProgressLine(io, outputs.length, clock);
  const work = ({ input: { path } }: Output) =>
    withinHours(job.length, (limits) =>
      withAudio(path, signal, (audio) => {
        const onProgress = (share: Progress) => progress.update(path, share);
        return job.diarizer.diarize(audio, { ...job.options, limits, signal, onProgress });
      }),
    ).finally(() => progress.finish(path));
  try {
    await inOrder(
      outputs,
      atOnce,
      work,
      async (outcome, output) => {
        throwIfAborted(signal);
        progress.clear();
        if (outcome.status === 'rejected') reportError(output.input.path, outcome.reason);
        else await writeResult(outcome.value, output, job);
      },
      signal,
    );
  } finally {
    progress.clear();
  }
  throwIfAborted(signal);
}

async function writeResult(result: Diarization, output: Output, job: Job): Promise<void> {
  const { format, exclusive, reportError } = job;
  const { io } = job.context;
  const { input, file, fileId } = output;
  printWarnings(io, input.path, result.warnings);
  const joined = job.outputs.length > 1 && file === undefined;
  const text = write(result, input, { format, exclusive, joined, fileId });
  const timeline = timelineOf(result, exclusive);
  if (file === undefined) {
    if (format === 'text' && io.screen.isTerminal) {
      const drawn = timelineText(timeline, io.screen);
      await io.out(`${headOf(result, input.path)}\n\n${drawn}\n`, 'drawn');
    }
    await io.out(text);
  }
  // Writing a file may fail for one recording (a folder has its name) and work for the next.
  try {
    if (file !== undefined) await writeFileAtomic(file, text);
    if (output.timeline !== undefined) {
      await writeFileAtomic(output.timeline, timelineSvg(timeline, basename(input.path)));
    }
  } catch (error) {
    if (isAbort(error)) throw error;
    reportError(input.path, error);
  }
}

function timelineOf(result: Diarization, exclusive: boolean): Timeline {
  const names = new Map(result.speakers.flatMap(({ label, name }) => (name === undefined ? [] : [[label, name]])));
  return arrangeTimeline(shown(result, exclusive), { duration: result.duration, names });
}

/** The line above the timeline. */
function headOf({ speakers, duration, timings }: Diarization, path: string): string {
  const who = speakers.length === 1 ? '1 speaker' : `${speakers.length} speakers`;
  return `${oneLine(path)}: ${clock(duration)}, ${who}, done in ${(timings.total / 1000).toFixed(1)} s`;
}
