/**
 * The decisions of a segmentation network for each window of a recording, and the embedding of each local speaker. A
 * local speaker's row is `window × slots + slot`.
 */
export interface BinarizedWindows {
  readonly windows: number;
  /** Frames per window, and local speakers per window. */
  readonly frames: number;
  readonly slots: number;
  /** Frame at which a window begins. */
  startOf(window: number): number;
  /** `[frames, slots]` of one window, 0 or 1: a view. */
  active(window: number): Uint8Array;
  /** Embedding of a row, `[dimensions]`; also defined for silent rows. */
  voice(row: number): Float32Array;
}

/** Number of frames in which each local speaker speaks, by row: alone, and in total. */
export function spokenFrames(recording: BinarizedWindows): { readonly alone: Uint32Array; readonly all: Uint32Array } {
  const { windows, frames, slots } = recording;
  const alone = new Uint32Array(windows * slots);
  const all = new Uint32Array(windows * slots);
  for (let window = 0; window < windows; window++) {
    const active = recording.active(window);
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
