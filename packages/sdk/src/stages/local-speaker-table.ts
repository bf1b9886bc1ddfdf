import type { LocalRecording } from './local-speakers.ts';
import { project, type VoiceSpace } from './plda.ts';
import type { Steps } from './steps.ts';

/** A few milliseconds of work. */
export const SLOTS_PER_STEP = 128;

/** All local speakers of a recording (slots with speech), one row each, in order of window and slot. */
export interface Slots {
  /** `[windows, slots]`: row of the slot, −1 for a silent one. */
  readonly rowAt: Int32Array;
  /** `[rows]`: window and slot of each row. */
  readonly window: Int32Array;
  readonly slot: Uint8Array;
  /** `[rows]`: seconds of speech, weighted by probability, without overlap by another slot of the window. */
  readonly clean: Float32Array;
  /** `[rows, to]`: the slot's embedding, projected into the voice space. */
  readonly voices: Float32Array;
  /** Dimensions of the voice space. */
  readonly to: number;
}

/** @param above Activity above which another slot counts as overlapping. @param frame Seconds per frame. */
export function* tabulateSteps(local: LocalRecording, space: VoiceSpace, above: number, frame: number): Steps<Slots> {
  const rowAt = new Int32Array(local.windows * local.slots).fill(-1);
  let rows = 0;
  for (let window = 0; window < local.windows; window++) {
    for (let slot = 0; slot < local.slots; slot++) {
      if (local.embedding(window, slot)) rowAt[window * local.slots + slot] = rows++;
    }
  }
  const table = {
    rowAt,
    window: new Int32Array(rows),
    slot: new Uint8Array(rows),
    clean: new Float32Array(rows),
    voices: new Float32Array(rows * space.to),
    to: space.to,
  };
  for (let at = 0; at < rowAt.length; at++) {
    if (at % SLOTS_PER_STEP === 0) yield;
    const row = rowAt[at]!;
    if (row < 0) continue;
    const window = Math.floor(at / local.slots);
    const slot = at % local.slots;
    const embedding = local.embedding(window, slot) as Float32Array;
    table.window[row] = window;
    table.slot[row] = slot;
    table.clean[row] = cleanFrames(local.activity(window), local.slots, slot, above) * frame;
    project(space, embedding, voiceOf(table, row));
  }
  return table;
}

/** A row's vector in the voice space; a view. */
export function voiceOf(slots: Pick<Slots, 'voices' | 'to'>, row: number): Float32Array {
  return slots.voices.subarray(row * slots.to, (row + 1) * slots.to);
}

/** Sum of a slot's activity over the frames in which no other slot speaks. @param activity `[frames, slots]`. */
export function cleanFrames(activity: Float32Array, slots: number, slot: number, above: number): number {
  let sum = 0;
  for (let at = 0; at < activity.length; at += slots) {
    let alone = true;
    for (let other = 0; other < slots; other++) {
      if (other !== slot && activity[at + other]! > above) alone = false;
    }
    if (alone) sum += activity[at + slot]!;
  }
  return sum;
}
