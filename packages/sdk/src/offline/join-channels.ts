import { joinTurns } from '../annotation/exclusive.ts';
import type { AudioSource } from '../contract/audio.ts';
import { invalidOption } from '../contract/errors.ts';
import type { Speaker } from '../contract/result.ts';
import type { Turn } from '../contract/segment.ts';
import type { Warning } from '../contract/warnings.ts';
import type { PipelineResult } from './types.ts';

/** Warnings that apply to one channel; their messages get the channel's name. */
const OF_A_CHANNEL: readonly Warning['code'][] = ['audio-silent', 'speaker-count-unreached'];

/** Default channel names: `LEFT` and `RIGHT` for two channels, otherwise `CHANNEL_1` and so on. */
export function channelNames(count: number): string[] {
  if (count === 2) return ['LEFT', 'RIGHT'];
  return Array.from({ length: count }, (_, i) => `CHANNEL_${i + 1}`);
}

/**
 * Diarizes a recording's channels in parallel, and joins the results.
 * @param names Names of the channels. @throws `invalid-option` unless there is one different name for each channel.
 */
export async function diarizeChannels(
  sources: readonly AudioSource[],
  names: readonly string[] | undefined,
  diarize: (source: AudioSource, channel: number) => Promise<PipelineResult>,
): Promise<PipelineResult> {
  const resolvedNames = names ?? channelNames(sources.length);
  if (
    resolvedNames.length !== sources.length ||
    new Set(resolvedNames).size < resolvedNames.length ||
    resolvedNames.includes('')
  ) {
    const given = `channelNames is ${JSON.stringify(resolvedNames)}`;
    if (sources.length > 1 || resolvedNames.length === 1)
      throw invalidOption(`${given}, expected ${sources.length} different names, one per channel`);
    throw invalidOption(
      `${given}, but the audio has one channel`,
      'process recordings with one channel without names for channels',
    );
  }
  // If a channel fails, the others are still awaited, since they use the network.
  const done = await Promise.allSettled(
    sources.map(async (source, channel) => {
      try {
        return await diarize(source, channel);
      } finally {
        await source.close().catch(() => {});
      }
    }),
  );
  const failed = done.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return joinChannels(
    done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    resolvedNames,
  );
}

/**
 * Joins the results of a recording's channels. A channel's only speaker is labeled with the channel's name, several get
 * numbers after it. A known voice keeps its name and is one speaker across all channels.
 * @param names One name for each result.
 */
export function joinChannels(results: readonly PipelineResult[], names: readonly string[]): PipelineResult {
  const turns: Turn[] = [];
  const speakers = new Map<string, Speaker>();
  const warnings: Warning[] = [];
  const voices = results.flatMap((result) => result.speakers.flatMap(({ name }) => name ?? []));
  results.forEach((result, channel) => {
    const labels = labelsOf(result.speakers, channel, names, voices);
    for (const turn of result.turns) turns.push({ ...turn, speaker: labels.get(turn.speaker) ?? turn.speaker });
    for (const speaker of result.speakers) {
      const label = labels.get(speaker.label) ?? speaker.label;
      const before = speakers.get(label);
      const louder = before !== undefined && before.seconds >= speaker.seconds ? before : speaker;
      speakers.set(label, { ...louder, label });
    }
    for (const { code, message } of result.warnings) {
      warnings.push({ code, message: OF_A_CHANNEL.includes(code) ? `channel ${names[channel]}: ${message}` : message });
    }
  });
  // A known voice can speak in two channels at the same time.
  const joined = joinTurns(turns);
  const first = new Map<string, number>();
  const seconds = new Map<string, number>();
  for (const { speaker, start, end } of joined) {
    if (!first.has(speaker)) first.set(speaker, first.size);
    seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
  }
  const order = ({ label }: Speaker) => first.get(label) ?? first.size;
  // Channels are processed in parallel: use the times of the slowest one.
  const slowest = results.reduce((a, b) => (a.decode + a.model + a.cluster >= b.decode + b.model + b.cluster ? a : b));
  return {
    turns: joined,
    speakers: [...speakers.values()]
      .map((speaker) => ({ ...speaker, seconds: seconds.get(speaker.label) ?? speaker.seconds }))
      .sort((a, b) => order(a) - order(b)),
    duration: Math.max(...results.map(({ duration }) => duration)),
    warnings,
    decode: slowest.decode,
    model: slowest.model,
    cluster: slowest.cluster,
  };
}

/**
 * Maps the speaker labels of a channel to labels in the joined result: those of no other channel and no known voice.
 * @param names The channels' names. @param voices The names of the known voices that were found.
 */
function labelsOf(
  speakers: readonly Speaker[],
  channel: number,
  names: readonly string[],
  voices: readonly string[],
): Map<string, string> {
  const unnamed = speakers.filter(({ name }) => name === undefined);
  const own = names[channel]!;
  let number = 0;
  const labelOf = () => {
    if (unnamed.length === 1 && !voices.includes(own)) return own;
    let label: string;
    do label = `${own}_${++number}`;
    while (names.includes(label) || voices.includes(label));
    return label;
  };
  return new Map(unnamed.map(({ label }) => [label, labelOf()] as const));
}
