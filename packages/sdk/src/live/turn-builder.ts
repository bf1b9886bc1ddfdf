import type { TurnRules } from '../stages/hysteresis.ts';
import { CERTAIN_SILENCE } from '../stages/speech.ts';

/** Frame state besides on (1) and off (0): no turn continues across this frame. */
const CUT = 2;

/** A turn as known at an update: `[start, end)` in frames. */
export interface LiveTurn {
  readonly id: number;
  readonly speaker: number;
  readonly start: number;
  readonly end: number;
}

/** The changes made by an update. */
interface TurnChanges {
  /** Turns that are final now. A tentative turn that was withdrawn has `end === start`. */
  readonly ended: readonly LiveTurn[];
  readonly changed: readonly LiveTurn[];
  readonly started: readonly LiveTurn[];
}

/** A speaker's state at the frame up to which everything is final. */
interface Settled {
  /** Whether the last final frame was above the threshold. */
  on: boolean;
  /** The turn that is open at that frame. */
  turn: LiveTurn | undefined;
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Builds turns from a stream of scores that are final up to some frame and tentative after it. The rules are those for
 * a recording (hysteresis, short gaps filled, short turns dropped), applied as far as the frames after the final ones
 * allow. What is final never changes.
 */
export class TurnBuilder {
  readonly #rules: TurnRules;
  readonly #settled = new Map<number, Settled>();
  /** Turns that were emitted but have no final frame yet. */
  #tentative: LiveTurn[] = [];
  /** Turns ended by a merge; they are reported at the next update. */
  #endedByMerge: LiveTurn[] = [];
  #final = 0;
  #nextId = 0;

  constructor(rules: TurnRules) {
    this.#rules = rules;
  }

  /** The frame up to which everything is final. */
  get final(): number {
    return this.#final;
  }

  /** Open turns whose start is final. */
  get open(): readonly LiveTurn[] {
    return [...this.#settled.values()].flatMap(({ turn }) => turn ?? []);
  }

  /**
   * Updates the turns.
   * @param scores For each speaker that may be speaking, scores of the frames from the current `final` to `present`.
   * @param final Frames before this one become final. @param present The frame after the last received one.
   * @param isEnd Nothing follows: open turns end here.
   */
  update(scores: ReadonlyMap<number, Float32Array>, final: number, present: number, isEnd = false): TurnChanges {
    const speakers = [...new Set([...this.#settled.keys(), ...scores.keys()])].sort((a, b) => a - b);
    const ended: LiveTurn[] = this.#endedByMerge.splice(0);
    const changed: LiveTurn[] = [];
    const newRuns: { speaker: number; run: Run; final: boolean }[] = [];
    const next = new Map<number, Settled>();
    for (const speaker of speakers) {
      const settled = this.#settled.get(speaker) ?? { on: false, turn: undefined };
      const raw = this.#hysteresis(scores.get(speaker), settled.on, present);
      const on = raw[final - this.#final - 1] === 1;
      let turn = settled.turn;
      const runs = this.#runs(raw, turn);
      if (turn) {
        // The first run continues the open turn.
        const { end } = runs.shift() as Run;
        const now = { ...turn, end: Math.max(end, turn.end) };
        if (now.end < final || isEnd) {
          ended.push({ ...now, end: Math.min(now.end, final) });
          turn = undefined;
        } else {
          if (end !== turn.end) changed.push(now);
          turn = now;
        }
      }
      for (const run of runs) {
        const over = run.end < final || isEnd || present - run.end >= this.#rules.shortestGap;
        if (run.end - run.start < this.#rules.shortestTurn && (over || run.start >= final)) continue;
        newRuns.push({ speaker, run, final: run.start < final });
      }
      next.set(speaker, { on, turn });
    }
    const matched = this.#matchTentative(newRuns, final, isEnd, next);
    this.#settled.clear();
    for (const [speaker, state] of next) {
      const turn = state.turn && { ...state.turn, end: Math.min(state.turn.end, final) };
      if (turn || state.on) this.#settled.set(speaker, { on: state.on, turn });
    }
    this.#final = final;
    return {
      ended: [...ended, ...matched.ended].sort(byTime),
      changed: [...changed, ...matched.changed].sort(byTime),
      started: matched.started.sort(byTime),
    };
  }

  /**
   * Merges two speakers: `into` gets the turns of both. If both have an open turn, the earlier one continues, and the
   * other one ends at the next update (see `bothSpeak`).
   */
  merge(from: number, into: number): void {
    this.#tentative = this.#tentative.map((turn) => (turn.speaker === from ? { ...turn, speaker: into } : turn));
    const own = this.#settled.get(from);
    if (!own) return;
    const other = this.#settled.get(into);
    this.#settled.delete(from);
    const [turn, second] = [own.turn, other?.turn]
      .flatMap((open) => (open ? [{ ...open, speaker: into }] : []))
      .sort(byTime);
    if (second) this.#endedByMerge.push(second);
    this.#settled.set(into, { on: own.on || other?.on === true, turn });
  }

  /** Whether both speakers have an open turn: merging them would make a voice overlap itself. */
  bothSpeak(a: number, b: number): boolean {
    return this.#settled.get(a)?.turn !== undefined && this.#settled.get(b)?.turn !== undefined;
  }

  #hysteresis(scores: Float32Array | undefined, before: boolean, present: number): Uint8Array {
    const on = new Uint8Array(present - this.#final);
    if (!scores) return on;
    let state = before;
    for (let i = 0; i < on.length; i++) {
      state = scores[i]! > (state ? this.#rules.offset : this.#rules.onset);
      on[i] = scores[i] === CERTAIN_SILENCE ? CUT : state ? 1 : 0;
    }
    return on;
  }

  /** Runs of frames that are on, with short gaps filled. The open turn, if any, is the first run. */
  #runs(on: Uint8Array, turn: LiveTurn | undefined): Run[] {
    const runs: { start: number; end: number }[] = turn ? [{ start: turn.start, end: turn.end }] : [];
    let cut = false;
    on.forEach((value, i) => {
      if (value === CUT) cut = true;
      if (value !== 1) return;
      const frame = this.#final + i;
      const last = runs.at(-1);
      if (last && !cut && frame - last.end < this.#rules.shortestGap) last.end = frame + 1;
      else runs.push({ start: frame, end: frame + 1 });
      cut = false;
    });
    return runs;
  }

  /** Matches runs to tentative turns that overlap them, or creates new turns. */
  #matchTentative(
    newRuns: readonly { speaker: number; run: Run; final: boolean }[],
    final: number,
    isEnd: boolean,
    next: Map<number, Settled>,
  ): { ended: LiveTurn[]; changed: LiveTurn[]; started: LiveTurn[] } {
    const ended: LiveTurn[] = [];
    const changed: LiveTurn[] = [];
    const started: LiveTurn[] = [];
    const old = [...this.#tentative];
    this.#tentative = [];
    const inOrder = [...newRuns].sort((a, b) => a.run.start - b.run.start || a.speaker - b.speaker);
    // Turns of the same speaker are matched first.
    const known = inOrder.map(({ speaker, run }) => takeBest(old, run, (turn) => turn.speaker === speaker));
    inOrder.forEach(({ speaker, run, final: isFinal }, i) => {
      const before = known[i] ?? takeBest(old, run, () => true);
      const turn = { id: before?.id ?? this.#nextId++, speaker, ...run };
      const over = isFinal && (run.end < final || isEnd);
      if (!before) started.push(turn);
      else if (!over && (before.speaker !== speaker || before.start !== run.start || before.end !== run.end)) {
        changed.push(turn);
      }
      if (over) ended.push(turn);
      else if (isFinal) next.set(speaker, { on: next.get(speaker)?.on ?? false, turn });
      else this.#tentative.push(turn);
    });
    for (const turn of old) ended.push({ ...turn, end: turn.start });
    return { ended, changed, started };
  }
}

/** Removes from `turns` the one that shares most frames with a run, and returns it. */
function takeBest(turns: LiveTurn[], run: Run, eligible: (turn: LiveTurn) => boolean): LiveTurn | undefined {
  let best = -1;
  let most = 0;
  turns.forEach((turn, i) => {
    const common = Math.min(turn.end, run.end) - Math.max(turn.start, run.start);
    if (common > most && eligible(turn)) {
      best = i;
      most = common;
    }
  });
  return best < 0 ? undefined : turns.splice(best, 1)[0];
}

function byTime(a: LiveTurn, b: LiveTurn): number {
  return a.start - b.start || a.id - b.id;
}
