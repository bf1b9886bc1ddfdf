import { posteriorOf } from '../stages/confidence.ts';
import type { Slots } from '../stages/local-speaker-table.ts';
import type { SpeakerModel } from '../stages/plda.ts';
import { finish } from '../stages/steps.ts';
import type { Tracks } from '../stages/tracks.ts';
import { type DecodeRules, decodeSteps, speakerScoreSteps } from '../stages/viterbi.ts';
import type { RecentWindows } from './recent-windows.ts';

/** Log likelihood that fixes a settled slot to its speaker. */
const PINNED = 1e5;

/** Assigns speakers again to local speakers of windows that are not settled. @param known The speakers so far, ≥ 1. */
export function assignLocalSpeakers(
  recent: RecentWindows,
  table: Slots,
  known: readonly { readonly speaker: number; readonly model: SpeakerModel }[],
  rules: DecodeRules,
  frame: number,
): void {
  const { all, slots } = recent;
  const speakers = known.length;
  const index = new Map(known.map(({ speaker }, i) => [speaker, i]));
  const models = known.map(({ model }) => model);
  const scores = finish(speakerScoreSteps(table, models, rules.trust));
  const pinned = scores.slice();
  table.window.forEach((w, row) => {
    const { settled, speakerOf } = all[w]!;
    const at = index.get(speakerOf[table.slot[row]!]!);
    if (settled && at !== undefined) pinned[row * speakers + at] = PINNED;
  });
  const assigned = finish(decodeSteps(recent, table, pinned, speakers, rules, frame));
  all.forEach(({ settled, speakerOf, posterior }, w) => {
    if (settled) return;
    for (let slot = 0; slot < slots; slot++) {
      const at = assigned[w * slots + slot]!;
      const row = table.rowAt[w * slots + slot]!;
      speakerOf[slot] = known[at]?.speaker ?? -1;
      posterior[slot] = at < 0 || row < 0 ? 0 : posteriorOf({ scores, speakers }, row, at);
    }
  });
}

/** The first frame of each track, and the tracks that contain settled slots. */
export function trackStates(
  recent: RecentWindows,
  table: Slots,
  tracks: Tracks,
): { starts: Map<number, number>; decided: Set<number> } {
  const starts = new Map<number, number>();
  const decided = new Set<number>();
  table.window.forEach((w, row) => {
    const track = tracks.trackOf[row]!;
    const window = recent.all[w]!;
    if (!starts.has(track)) starts.set(track, window.start);
    if (window.settled && window.speakerOf[table.slot[row]!]! >= 0) decided.add(track);
  });
  return { starts, decided };
}
