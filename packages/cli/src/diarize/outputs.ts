import { extname, join } from 'node:path';
import { UsageError } from '@voiceflow-ml/server/args';
import { slashes } from '../files/glob.ts';
import { type Input, repeated } from '../files/inputs.ts';
import { statsOf } from '../files/open.ts';
import { type Format, isJoinable } from './formats.ts';

/** Where the result of one recording goes. */
export interface Output {
  readonly input: Input;
  /** A path; standard output when absent. */
  readonly file?: string;
  /**
   * File ID in RTTM: the name without folder and extension, or the whole path when several in a stream share the name.
   */
  readonly fileId: string;
  /** Path of the timeline image, if one is requested. */
  readonly timeline?: string;
}

interface OutputValues {
  readonly out?: string | undefined;
  readonly format?: Format | undefined;
  readonly timeline?: string | undefined;
}

/**
 * Decides where each result is written, before anything is diarized. Inputs with an error are included.
 * @throws UsageError when two results would have the same path, or the format cannot hold several recordings.
 */
export async function planOutputs(inputs: readonly Input[], values: OutputValues): Promise<Output[]> {
  const { out = '-', format = 'text', timeline } = values;
  const several = inputs.length > 1;
  if (out === '-' && several && !isJoinable(format)) {
    throw new UsageError(
      `--format ${format} cannot hold several recordings on standard output`,
      'Use --out DIR to write one file for each',
    );
  }
  if (out !== '-' && (await statsOf(out))?.isDirectory() === false) {
    throw new UsageError(`--out is "${out}", which is a file, expected a folder or - for standard output`);
  }
  const images = timeline === undefined ? undefined : await imagePlaces(timeline, several);
  const repeatedNames = out === '-' ? repeated(inputs.map(baseName)) : undefined;
  const outputs = inputs.map((input) => ({
    input,
    fileId: repeatedNames?.has(baseName(input)) ? slashes(input.path) : baseName(input),
    file: out === '-' ? undefined : join(out, `${input.name}.${format === 'text' ? 'txt' : format}`),
    timeline: images?.(input),
  }));
  rejectCollisions(outputs.filter(({ input }) => input.error === undefined));
  return outputs;
}

function baseName({ name }: Input): string {
  return name.split(/[/\\]/).pop() ?? name;
}

async function imagePlaces(timeline: string, several: boolean): Promise<(input: Input) => string> {
  const isFolder = /[/\\]$/.test(timeline) || (await statsOf(timeline))?.isDirectory();
  if (isFolder) return ({ name }) => join(timeline, `${name}.svg`);
  if (several && /\.svg$/i.test(timeline)) {
    throw new UsageError(
      `--timeline ${timeline} is one image, but there are several recordings`,
      'Give a folder instead',
    );
  }
  if (!several && extname(timeline) !== '' && !/\.svg$/i.test(timeline)) {
    throw new UsageError(`--timeline is "${timeline}", but the image is an SVG`, 'Give a name that ends with .svg');
  }
  return several ? ({ name }) => join(timeline, `${name}.svg`) : () => timeline;
}

function rejectCollisions(outputs: readonly Output[]): void {
  for (const key of ['file', 'timeline'] as const) {
    const owners = new Map<string, Input>();
    for (const output of outputs) {
      const place = output[key];
      if (place === undefined) continue;
      const other = owners.get(place);
      if (other !== undefined) {
        throw new UsageError(
          `${other.path} and ${output.input.path} would both be written to ${place}`,
          'Give their common folder, or run the command once for each',
        );
      }
      owners.set(place, output.input);
    }
  }
}
