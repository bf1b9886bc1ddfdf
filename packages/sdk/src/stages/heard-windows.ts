/**
 * What a segmentation network decided in each window of a recording, and the voice of each of its local speakers. A
 * local speaker's row is `window × slots + slot`.
 */
export interface HeardWindows {
  readonly windows: number;
  /** Frames of a window, and local speakers. */
  readonly frames: number;
  readonly slots: number;
  /** Frame at which a window begins. */
  startOf(window: number): number;
  /** `[frames, slots]` of one window, 0 or 1: a view. */
  active(window: number): Uint8Array;
  /** `[dimensions]` of a row, as the network gives it; of those who say nothing, too. */
  voice(row: number): Float32Array;
}

/** Frames of each local speaker, by row: alone, and in all. */
export function spokenFrames(heard: HeardWindows): { readonly alone: Uint32Array; readonly all: Uint32Array } {
  const { windows, frames, slots } = heard;
  const alone = new Uint32Array(windows * slots);
  const all = new Uint32Array(windows * slots);
  for (let window = 0; window < windows; window++) {
    const active = heard.active(window);
    for (let frame = 0; frame < frames; frame++) {
      let count = 0;
      for (let slot = 0; slot < slots; slot++) count += active[frame * slots + slot]!;
      if (count === 0) continue;
      for (let slot = 0; slot < slots; slot++) {
        if (!active[frame * slots + slot]) continue;
        const row = window * slots + slot;
        all[row]! += 1;
        if (count === 1) alone[row]! += 1;
      }
    }
  }
  return { alone, all };
}
