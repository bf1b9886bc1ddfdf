import type { LiveEvent, TurnEvent } from '../contract/live.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { EDGE_WEIGHT } from '../offline/speaker-turns.ts';
import { confidenceOf } from '../stages/confidence.ts';
import { windowWeight } from '../stages/overlap-add.ts';
import type { SpeechMask } from '../stages/speech.ts';
import { frameScores, TurnSums } from './frame-scores.ts';
import type { RecentWindows } from './recent-windows.ts';
import type { LiveSpeakers } from './speakers.ts';
import { markSpeech } from './speech.ts';
import { type LiveTurn, TurnBuilder } from './turn-builder.ts';

/** Emits the turns of a session, and keeps the final ones. */
export class TurnEvents {
  readonly #cnn: FastCnnNetwork;
  readonly #recent: RecentWindows;
  readonly #speakers: LiveSpeakers;
  readonly #emit: (event: LiveEvent) => void;
  readonly #speakerOf: (turn: LiveTurn) => number;
  readonly #weight: Float32Array;
  readonly #evidence = new TurnSums();
  readonly turns: TurnBuilder;
  /** The final turns. */
  readonly log = new TurnLog();
  /** Length of the session in seconds, once it is known: turns end by then. */
  duration = Number.POSITIVE_INFINITY;

  /** @param speakerOf Decides the speaker of a finished turn. */
  constructor(
    cnn: FastCnnNetwork,
    recent: RecentWindows,
    speakers: LiveSpeakers,
    emit: (event: LiveEvent) => void,
    speakerOf: (turn: LiveTurn) => number,
  ) {
    const { turns } = cnn.settings;
    const frames = (seconds: number) => Math.round(seconds / cnn.frame);
    this.#cnn = cnn;
    this.#recent = recent;
    this.#speakers = speakers;
    this.#emit = emit;
    this.#speakerOf = speakerOf;
    this.#weight = windowWeight(recent.frames, EDGE_WEIGHT);
    this.turns = new TurnBuilder({
      ...turns,
      shortestGap: frames(turns.shortestGap),
      shortestTurn: frames(turns.shortestTurn),
    });
  }

  /** Updates the turns and emits the changes. For `final`, `present` and `isEnd` see `TurnBuilder.update`. */
  update(mask: SpeechMask | undefined, final: number, present: number, isEnd: boolean): void {
    const from = this.turns.final;
    const frames = frameScores(this.#recent, this.#weight, from, present);
    const scores = new Map([...frames].map(([speaker, { score }]) => [speaker, score.slice()]));
    if (mask) markSpeech(scores, mask, from, present, this.#cnn.settings.turns.onset);
    const { started, changed, ended } = this.turns.update(scores, final, present, isEnd);
    const emitTurn = (type: TurnEvent['type'], turn: LiveTurn, speaker = turn.speaker): TurnEvent => {
      const event: TurnEvent = {
        type,
        turn: `t${turn.id}`,
        speaker: this.#speakers.at(speaker).label,
        start: this.#seconds(turn.start),
        end: this.#seconds(turn.end),
        confidence: confidenceOf(this.#cnn.settings.confidence, this.#evidence.of(turn, frames, from)),
      };
      this.#emit(event);
      return event;
    };
    for (const turn of changed) emitTurn('turn-update', turn);
    for (const turn of started) emitTurn('turn-start', turn);
    for (const turn of ended) {
      const speaker = this.#speakerOf(turn);
      const { start, end, confidence } = emitTurn('turn-end', turn, speaker);
      if (end > start) this.log.add({ start, end, speaker, confidence });
    }
    this.#evidence.keep(this.turns.open, frames, from, final);
  }

  /** Frames to seconds, rounded to avoid floating-point errors such as in 3 × 0.02. */
  #seconds(frames: number): number {
    return Math.min(this.duration, Math.round(frames * this.#cnn.frame * 1e6) / 1e6);
  }
}

/** A final turn: times in seconds, and the speaker as emitted. */
interface LoggedTurn {
  readonly start: number;
  readonly end: number;
  readonly speaker: number;
  readonly confidence: number;
}

/** Maximum number of kept turns, about two days of lively talk (10 MB); then the oldest tenth is dropped. */
const MOST_TURNS = 100_000;

/** The final turns of a session, or the latest of them if it lasts for days. */
export class TurnLog {
  readonly turns: LoggedTurn[] = [];
  /** Number of turns dropped to bound memory. */
  forgotten = 0;

  add(turn: LoggedTurn): void {
    this.turns.push(turn);
    if (this.turns.length >= MOST_TURNS) this.forgotten += this.turns.splice(0, MOST_TURNS / 10).length;
  }
}
