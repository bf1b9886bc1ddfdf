import type { LiveEvent, TurnEvent } from '../contract/live.ts';
import { MOST_SPEAKERS } from '../contract/options.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { speechRules } from '../inference/speech-gate.ts';
import { EDGE_WEIGHT, solveSteps } from '../offline/speaker-turns.ts';
import { confidenceOf } from '../stages/confidence.ts';
import type { Slots } from '../stages/local-speaker-table.ts';
import { windowWeight } from '../stages/overlap-add.ts';
import type { SpeechMask } from '../stages/speech.ts';
import type { Steps } from '../stages/steps.ts';
import { linkTracks, type Tracks } from '../stages/tracks.ts';
import { assignLocalSpeakers, trackStates } from './assign-local-speakers.ts';
import { frameScores } from './frame-scores.ts';
import { OpenStretches } from './open-stretches.ts';
import { type LiveTiming, leadOf } from './options.ts';
import { RecentWindows } from './recent-windows.ts';
import { type KnownVoices, recognized } from './recognize.ts';
import { SessionRecord } from './record.ts';
import { type Found, type LiveResultParts, reclusteredResult, type Told, toldResult } from './result.ts';
import { LiveSpeakers } from './speakers.ts';
import { markSpeech, RecentSpeech } from './speech.ts';
import type { HeardSpeech } from './speech-gate.ts';
import { Suspicions } from './suspicions.ts';
import { type LiveTurn, TurnBuilder } from './turn-builder.ts';
import { TurnLog } from './turn-log.ts';
import { TurnSums } from './turn-sums.ts';
import { VoiceMemory } from './voice-memory.ts';

/** Seconds before the final frame that are remembered: tracks are followed this far back. */
const CONTEXT = 2;
/** Seconds between two re-clusterings of what is remembered, and the stretches from which on it is done less often. */
const RECLUSTER = { every: 2, stretches: 64 };
/** Seconds for which a new speaker may say less than a speaker must. */
const YOUNG = 10;
/** Seconds of a track that may be a new speaker: any time, and when the track's beginning has to be decided. */
const NEW = { ever: 0.5, due: 0.3 };
/** The same for the first voice, which cannot be mistaken for another. */
const FIRST = { ever: 0.4, due: 0.1 };

export interface TrackerRules extends LiveTiming, KnownVoices {
  readonly maxSpeakers: number | undefined;
}

/** What the networks said of a window. */
export interface HeardRun {
  readonly activity: Float32Array;
  readonly embeddings: Float32Array;
  /** Of the latest seconds, by the gate's network, where it was asked. */
  readonly heard: HeardSpeech | undefined;
}

/** The same of a window that begins at frame `start`: one that silence had to fill, or that was left out. */
export interface LastWindow extends HeardRun {
  readonly start: number;
}

/**
 * Live diarization proper: what the network says of windows in, events out. Everything is counted in frames, nothing
 * depends on the clock.
 */
export class LiveTracker {
  readonly #cnn: FastCnnNetwork;
  readonly #rules: TrackerRules;
  readonly #recent: RecentWindows;
  readonly #memory: VoiceMemory;
  readonly #speakers = new LiveSpeakers();
  readonly #turns: TurnBuilder;
  readonly #log = new TurnLog();
  readonly #record: SessionRecord;
  readonly #weight: Float32Array;
  readonly #emit: (event: LiveEvent) => void;
  readonly #evidence = new TurnSums();
  readonly #open: OpenStretches;
  #next: number;
  readonly #speech: RecentSpeech | undefined;
  #mask: SpeechMask | undefined;
  /** The frame after the last that was heard when what is remembered was last re-clustered. */
  #reclustered = 0;
  readonly #suspicions = new Suspicions();
  #duration = Number.POSITIVE_INFINITY;

  constructor(cnn: FastCnnNetwork, rules: TrackerRules, emit: (event: LiveEvent) => void) {
    const { settings, network, frame } = cnn;
    const { turns, activity, cluster, voices } = settings;
    this.#cnn = cnn;
    this.#rules = rules;
    this.#emit = emit;
    this.#next = -leadOf(network.frames, rules.hop);
    const frames = (seconds: number) => Math.round(seconds / frame);
    const least = Math.max(1, frames(activity.shortest));
    this.#record = new SessionRecord({ ...network, hop: rules.hop }, { above: activity.on, frames: least });
    this.#recent = new RecentWindows(
      { frames: network.frames, slots: network.slots, hop: rules.hop },
      { space: voices, above: activity.on, least, frame },
    );
    this.#memory = new VoiceMemory({ between: voices.between, cluster });
    this.#open = new OpenStretches(this.#recent, this.#memory);
    this.#turns = new TurnBuilder({
      ...turns,
      shortestGap: frames(turns.shortestGap),
      shortestTurn: frames(turns.shortestTurn),
    });
    this.#weight = windowWeight(network.frames, EDGE_WEIGHT);
    this.#speech = cnn.gate && new RecentSpeech(speechRules(cnn.gate, frame));
  }

  /**
   * The next window. The first begins `leadOf` frames before the session.
   * @param step Frames until the next window begins: `hop`, or a multiple where some are left out, at most the lag.
   */
  *add(run: HeardRun, step = this.#rules.hop): Steps<void> {
    const present = this.#hear(run, step);
    yield* this.#look(Math.max(0, present - this.#rules.lag + step), present);
  }

  /** The end, `duration` seconds after the beginning; with the last window, if it was not heard. */
  *end(duration: number, last?: LastWindow): Steps<void> {
    if (last) {
      this.#next = last.start;
      this.#hear(last, this.#rules.hop);
    }
    this.#duration = duration;
    const present = Math.max(this.#turns.final, Math.ceil(duration / this.#cnn.frame - 1e-6));
    yield* this.#look(present, present, true);
    // What came since the last clustering may be what a name lacked.
    this.#recognize();
  }

  /** What was told, as the result. */
  told(): LiveResultParts {
    return toldResult(this.#told);
  }

  /** The result, when another diarizer has found `found` in the session's audio. */
  reclusteredAs(found: Found): LiveResultParts {
    return reclusteredResult(this.#told, found, 0);
  }

  /** The result, after `end`, when all windows of the session are clustered as a recording's are. */
  *reclusteredWindows(): Steps<LiveResultParts> {
    const { known, falseNames, maxSpeakers = MOST_SPEAKERS } = this.#rules;
    const start = this.#record.start * this.#cnn.frame;
    this.#record.mask = this.#speech?.mask(this.#record.start, 0);
    const bounds = { least: 1, most: maxSpeakers };
    const request = { bounds, known, falseNames };
    const solution = yield* solveSteps(this.#cnn, this.#record, this.#duration - start, request);
    return reclusteredResult(this.#told, solution, start);
  }

  get #told(): Told {
    const { mean } = this.#cnn.settings.voices;
    return { memory: this.#memory, speakers: this.#speakers, log: this.#log, mean };
  }

  #hear({ activity, embeddings, heard }: HeardRun, step: number): number {
    if (heard) {
      this.#speech?.add(heard);
      this.#mask = this.#speech?.mask();
    }
    // As the network said it: at the end of the session the gate knows better what is speech.
    this.#record.add(this.#next, activity, embeddings);
    this.#mask?.apply(activity, this.#recent.slots, this.#next);
    this.#recent.add(this.#next, activity, embeddings);
    const present = this.#next + this.#recent.frames;
    this.#next += step;
    return present;
  }

  /** @param isEnd Nothing comes after it: all that was heard is decided. */
  *#look(final: number, present: number, isEnd = false): Steps<void> {
    const { frame, settings } = this.#cnn;
    const table = this.#recent.table();
    const tracks = linkTracks(this.#recent, table, settings.tracks);
    this.#meet(table, tracks, final);
    const speakers = this.#memory.speakers.map((speaker) => ({ speaker, model: this.#memory.model(speaker) }));
    if (speakers.length > 0) assignLocalSpeakers(this.#recent, table, speakers, settings.decode, frame);
    this.#tell(final, present, isEnd);
    this.#open.settle(table, tracks, isEnd ? Number.POSITIVE_INFINITY : final);
    const { every, stretches } = RECLUSTER;
    // Its time grows with the square of what is remembered.
    if ((present - this.#reclustered) * frame >= every * Math.max(1, this.#memory.size / stretches)) {
      this.#reclustered = present;
      yield* this.#recluster();
    }
    yield* this.#memory.compact();
    this.#recent.dropUntil(final - Math.round(CONTEXT / frame));
    this.#speech?.forget(this.#record.start);
  }

  /** Makes new speakers of tracks that are none of those there are. */
  #meet(table: Slots, tracks: Tracks, final: number): void {
    const { starts, decided } = trackStates(this.#recent, table, tracks);
    tracks.sum.forEach((sum, track) => {
      if (decided.has(track) || this.#full) return;
      const { speakers } = this.#memory;
      const seconds = tracks.seconds[track]!;
      const least = speakers.length === 0 ? FIRST : NEW;
      if (seconds < ((starts.get(track) as number) < final ? least.due : least.ever)) return;
      // What would not be clustered with any of them is somebody else.
      if (!speakers.every((speaker) => this.#memory.differs(speaker, seconds, sum))) return;
      this.#memory.seed(this.#addSpeaker(), seconds, sum);
    });
  }

  /** There may be no more speakers. */
  get #full(): boolean {
    return this.#speakers.active.length >= (this.#rules.maxSpeakers ?? Number.POSITIVE_INFINITY);
  }

  #addSpeaker(): number {
    const speaker = this.#speakers.add(this.#next);
    this.#tellSpeaker(speaker);
    return speaker;
  }

  #tellSpeaker(speaker: number): void {
    const { label, name } = this.#speakers.at(speaker);
    this.#emit({ type: 'speaker', speaker: label, ...(name === undefined ? {} : { name }) });
  }

  #tell(final: number, present: number, isEnd: boolean): void {
    const from = this.#turns.final;
    const frames = frameScores(this.#recent, this.#weight, from, present);
    const scores = new Map([...frames].map(([speaker, { score }]) => [speaker, score.slice()]));
    if (this.#mask) markSpeech(scores, this.#mask, from, present, this.#cnn.settings.turns);
    const { started, changed, ended } = this.#turns.look(scores, final, present, isEnd);
    const tell = (type: TurnEvent['type'], turn: LiveTurn, speaker = turn.speaker): TurnEvent => {
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
    for (const turn of changed) tell('turn-update', turn);
    for (const turn of started) tell('turn-start', turn);
    for (const turn of ended) {
      const speaker = this.#speakerOf(turn);
      const { start, end, confidence } = tell('turn-end', turn, speaker);
      if (end > start) this.#log.add({ start, end, speaker, confidence });
    }
    this.#evidence.keep(this.#turns.underWay, frames, from, final);
  }

  /** The speaker of a turn that is over: the one that it was told with, another, or somebody new. */
  #speakerOf(turn: LiveTurn): number {
    const told = this.#speakers.now(turn.speaker);
    const said = this.#memory.saidIn({ ...turn, speaker: told });
    const found = this.#memory.whoSaid(said, told);
    if (found === told) return told;
    const all = this.#memory.saidIn({ ...turn, speaker: told, start: 0 });
    /** Nothing else was told to be its: it is somebody new, or never was a speaker of its own. */
    const isAll = all.length === said.length && this.#log.turns.every((other) => other.speaker !== told);
    if (found === undefined && (isAll || this.#full)) return told;
    const speaker = found ?? this.#addSpeaker();
    this.#memory.give(said, speaker, true);
    if (isAll) this.#merge(told, speaker);
    return speaker;
  }

  /** Without the last bits of a product such as 3 × 0.02. */
  #seconds(frames: number): number {
    return Math.min(this.#duration, Math.round(frames * this.#cnn.frame * 1e6) / 1e6);
  }

  *#recluster(): Steps<void> {
    const since = this.#next - YOUNG / this.#cnn.frame;
    const { merged, strangers } = yield* this.#memory.recluster((speaker) => this.#speakers.at(speaker).since > since);
    for (const [from, into] of this.#suspicions.confirmed(merged, this.#next * this.#cnn.frame)) {
      // One voice does not overlap itself: then there is time to see more.
      if (!this.#turns.bothSpeak(from, into)) this.#merge(from, into);
    }
    for (const members of strangers) {
      if (this.#full) break;
      this.#memory.give(members, this.#addSpeaker());
    }
    this.#recognize();
  }

  #merge(from: number, into: number): void {
    this.#emit({
      type: 'speaker-merged',
      from: this.#speakers.at(from).label,
      into: this.#speakers.at(into).label,
    });
    if (this.#speakers.merge(from, into)) this.#tellSpeaker(into);
    this.#memory.merge(from, into);
    this.#turns.merge(from, into);
    this.#open.forget(from);
    for (const { speakerOf } of this.#recent.all) {
      speakerOf.forEach((speaker, slot) => {
        if (speaker === from) speakerOf[slot] = into;
      });
    }
  }

  #recognize(): void {
    for (const speaker of recognized(this.#cnn, this.#rules, this.#memory, this.#speakers)) this.#tellSpeaker(speaker);
  }
}
