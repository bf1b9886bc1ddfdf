import { basename } from 'node:path';
import { type Diarization, type DiarizeOptions, type Diarizer, throwIfAborted } from 'voiceflow-ml/core';
import type { Context } from '../command.ts';
import { isAbort } from '../errors.ts';
import { withAudio } from '../files/ffmpeg.ts';
import { writeFileAtomic } from '../files/write.ts';
import { oneLine } from '../printable.ts';
import { ProgressLine } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { arrangeTimeline, type Timeline } from '../render/rows.ts';
import { timelineSvg } from '../render/svg.ts';
import { timelineText } from '../render/terminal.ts';
import { type Format, shown, write } from './formats.ts';
import { inOrder } from './in-order.ts';
import type { Output } from './outputs.ts';

export interface JobValues {
  readonly format?: Format | undefined;
  readonly exclusive: boolean;
  readonly jobs?: number | undefined;
}

type Outcome = { readonly result: Diarization } | { readonly error: unknown };

/** Diarizes the recordings of one call and writes the results. A failure is reported and does not stop the others. */
export class DiarizeJob {
  readonly #diarizer: Diarizer;
  readonly #options: DiarizeOptions;
  readonly #values: JobValues;
  readonly #context: Context;
  readonly #reportError: (path: string, error: unknown) => void;

  constructor(
    diarizer: Diarizer,
    options: DiarizeOptions,
    values: JobValues,
    context: Context,
    reportError: (path: string, error: unknown) => void,
  ) {
    this.#diarizer = diarizer;
    this.#options = options;
    this.#values = values;
    this.#context = context;
    this.#reportError = reportError;
  }

  /** @throws `aborted`; FileError when standard output cannot be written, which ends the whole run. */
  async run(outputs: readonly Output[]): Promise<void> {
    const { io, signal } = this.#context;
    const progress = new ProgressLine(io, outputs.length, clock);
    const joined = outputs.length > 1;
    try {
      await inOrder(
        outputs,
        this.#values.jobs ?? 1,
        (output) => this.#diarize(output, progress),
        async (outcome, output) => {
          throwIfAborted(signal);
          progress.clear();
          if ('error' in outcome) this.#reportError(output.input.path, outcome.error);
          else await this.#writeResult(outcome.result, output, joined);
        },
        signal,
      );
    } finally {
      progress.clear();
    }
    throwIfAborted(signal);
  }

  async #diarize({ input }: Output, progress: ProgressLine): Promise<Outcome> {
    try {
      const { signal } = this.#context;
      const result = await withAudio(input.path, signal, (audio) =>
        this.#diarizer.diarize(audio, {
          ...this.#options,
          signal,
          onProgress: (share) => progress.update(input.path, share),
        }),
      );
      return { result };
    } catch (error) {
      return { error };
    } finally {
      progress.finish(input.path);
    }
  }

  async #writeResult(result: Diarization, output: Output, joined: boolean): Promise<void> {
    const { io } = this.#context;
    const { input, file, fileId } = output;
    for (const { code, message } of result.warnings)
      io.err(`voiceflow: ${oneLine(input.path)}: warning: ${message} [${code}]\n`);
    const { format = 'text', exclusive } = this.#values;
    const text = write(result, input, { format, exclusive, joined: joined && file === undefined, fileId });
    if (file === undefined) {
      if (format === 'text' && io.screen.isTerminal) await io.out(this.#drawTimeline(result, input.path), 'drawn');
      await io.out(text);
    }
    // Writing a file may fail for one recording (a folder has its name) and work for the next.
    await this.#try(input.path, async () => {
      if (file !== undefined) await writeFileAtomic(file, text);
      if (output.timeline !== undefined) {
        await writeFileAtomic(output.timeline, timelineSvg(this.#timeline(result), basename(input.path)));
      }
    });
  }

  async #try(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) throw error;
      this.#reportError(path, error);
    }
  }

  #timeline(result: Diarization): Timeline {
    const names = new Map(result.speakers.flatMap(({ label, name }) => (name === undefined ? [] : [[label, name]])));
    return arrangeTimeline(shown(result, this.#values.exclusive), { duration: result.duration, names });
  }

  #drawTimeline(result: Diarization, path: string): string {
    const { speakers, duration, timings } = result;
    const took = `${(timings.total / 1000).toFixed(1)} s`;
    const who = speakers.length === 1 ? '1 speaker' : `${speakers.length} speakers`;
    const head = `${oneLine(path)}: ${clock(duration)}, ${who}, done in ${took}`;
    return `${head}\n\n${timelineText(this.#timeline(result), this.#context.io.screen)}\n`;
  }
}
