import type { LiveEvent } from '../contract/live.ts';
import { MOST_SPEAKERS } from '../contract/options.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { speechRules } from '../inference/speech-gate.ts';
import { solveSteps } from '../offline/speaker-turns.ts';
import type { Slots } from '../stages/local-speaker-table.ts';
import type { SpeechMask } from '../stages/speech.ts';
import { finish, type Steps } from '../stages/steps.ts';
import { linkTrackSteps, type Tracks } from '../stages/tracks.ts';
import { assignLocalSpeakers, trackStates } from './assign-local-speakers.ts';
import { OpenStretches } from './open-stretches.ts';
import { type LiveTiming, leadOf } from './options.ts';
import { RecentWindows } from './recent-windows.ts';
import { MergeCandidates } from './recluster-stretches.ts';
import { SessionRecord } from './record.ts';
import {
  type Emitted,
  emittedResult,
  type LiveResultParts,
  type ReclusteredTurns,
  reclusteredResult,
} from './result.ts';
import { type KnownVoices, LiveSpeakers, recognizeSpeakers } from './speakers.ts';
import { RecentSpeech } from './speech.ts';
import type { GateOutput } from './speech-gate.ts';
import type { LiveTurn } from './turn-builder.ts';
import { TurnEvents } from './turn-events.ts';
import { VoiceMemory } from './voice-memory.ts';

/** Seconds before the final frame for which windows are kept; tracks are followed this far back. */
const CONTEXT = 2;
/** Seconds between two re-clusterings of the remembered speech; with more `stretches`, they become less frequent. */
const RECLUSTER = { every: 1, stretches: 64 };
/** Seconds for which a new speaker is exempt from re-clustering, since it has little speech yet. */
const NEW_SPEAKER_SECONDS = 10;
/** Minimum seconds of a track to make a new speaker: at any time, and once the track's beginning becomes final. */
const NEW = { ever: 0.5, due: 0.3 };
/** The same for the first speaker, who cannot be confused with another. */
const FIRST = { ever: 0.4, due: 0.1 };

interface TrackerRules extends LiveTiming, KnownVoices {
  readonly maxSpeakers: number | undefined;
}

/** Outputs of the networks for a window. */
export interface WindowOutputs {
  readonly activity: Float32Array;
  readonly embeddings: Float32Array;
  /** Output of the gate's network for the latest seconds, if it was run. */
  readonly gate: GateOutput | undefined;
}

/** Outputs for the last window, which begins at frame `start`: padded with silence, or skipped before. */
interface LastWindow extends WindowOutputs {
  readonly start: number;
}

/**
 * The live diarization algorithm: takes the networks' outputs for windows, and emits events. All times are in frames,
 * and nothing depends on the clock.
 */
export class LiveTracker {
  readonly #cnn: FastCnnNetwork;
  readonly #rules: TrackerRules;
  readonly #recent: RecentWindows;
  readonly #memory: VoiceMemory;
  readonly #speakers = new LiveSpeakers();
  readonly #events: TurnEvents;
  readonly #record: SessionRecord;
  readonly #emit: (event: LiveEvent) => void;
  readonly #open: OpenStretches;
  #next: number;
  readonly #speech: RecentSpeech | undefined;
  #mask: SpeechMask | undefined;
  /** The frame after the last received one at the latest re-clustering. */
  #reclustered = 0;
  readonly #mergeCandidates = new MergeCandidates();

  constructor(cnn: FastCnnNetwork, rules: TrackerRules, emit: (event: LiveEvent) => void) {
    const { settings, network, frame } = cnn;
    const { activity, cluster, voices } = settings;
    this.#cnn = cnn;
    this.#rules = rules;
    this.#emit = emit;
    this.#next = -leadOf(network.frames, rules.hop);
    const least = Math.max(1, Math.round(activity.shortest / frame));
    this.#record = new SessionRecord({ ...network, hop: rules.hop }, { above: activity.on, frames: least });
    this.#recent = new RecentWindows(
      { frames: network.frames, slots: network.slots, hop: rules.hop },
      { space: voices, above: activity.on, least, frame },
    );
    this.#memory = new VoiceMemory({ between: voices.between, cluster });
    this.#open = new OpenStretches(this.#recent, this.#memory);
    this.#events = new TurnEvents(cnn, this.#recent, this.#speakers, emit, (turn) => this.#speakerOf(turn));
    this.#speech = cnn.gate && new RecentSpeech(speechRules(cnn.gate, frame));
  }

  /**
   * Processes the next window. The first begins `leadOf` frames before the session.
   * @param step Frames until the next window begins: `hop`, or a multiple if windows are skipped; at most the lag.
   */
  *add(run: WindowOutputs, step = this.#rules.hop): Steps<void> {
    const present = this.#addWindow(run, step);
    yield* this.#update(Math.max(0, present - this.#rules.lag + step), present);
  }

  /** Ends the session after `duration` seconds. @param last The last window, if it was not processed yet. */
  *end(duration: number, last?: LastWindow): Steps<void> {
    if (last) {
      this.#next = last.start;
      this.#addWindow(last, this.#rules.hop);
    }
    this.#events.duration = duration;
    const present = Math.max(this.#events.turns.final, Math.ceil(duration / this.#cnn.frame - 1e-6));
    yield* this.#update(present, present, true);
    // Speech since the last re-clustering may be enough to recognize a known voice.
    this.#recognize();
  }

  /** The result, as it was emitted live. */
  emitted(): LiveResultParts {
    return emittedResult(this.#emitted);
  }

  /** The result, with turns and speakers that another diarizer found in the session's audio. */
  reclusteredAs(found: ReclusteredTurns): LiveResultParts {
    return reclusteredResult(this.#emitted, found, 0);
  }

  /** The result, after `end`, of clustering all recorded windows of the session like a recording. */
  *reclusteredWindows(): Steps<LiveResultParts> {
    const { known, falseNames, maxSpeakers = MOST_SPEAKERS } = this.#rules;
    const { local } = this.#record;
    const start = this.#record.start * this.#cnn.frame;
    local.setMask(this.#speech?.mask(this.#record.start, 0));
    const bounds = { least: 1, most: maxSpeakers };
    const request = { bounds, known, falseNames };
    const solution = yield* solveSteps(this.#cnn, local, this.#events.duration - start, request);
    return reclusteredResult(this.#emitted, solution, start);
  }

  get #emitted(): Emitted {
    const { mean } = this.#cnn.settings.voices;
    return { memory: this.#memory, speakers: this.#speakers, log: this.#events.log, mean };
  }

  #addWindow({ activity, embeddings, gate }: WindowOutputs, step: number): number {
    if (gate) {
      this.#speech?.add(gate);
      this.#mask = this.#speech?.mask();
    }
    // Recorded without the mask: at the end of the session, a better mask is known.
    this.#record.add(this.#next, activity, embeddings);
    const masked = activity.slice();
    this.#mask?.apply(masked, this.#recent.slots, this.#next);
    this.#recent.add(this.#next, masked, embeddings, activity);
    const present = this.#next + this.#recent.frames;
    this.#next += step;
    return present;
  }

  /** Updates speakers and turns, and emits events. @param isEnd Nothing follows, so everything becomes final. */
  *#update(final: number, present: number, isEnd = false): Steps<void> {
    const { frame, settings } = this.#cnn;
    const table = this.#recent.table();
    const tracks = finish(linkTrackSteps(this.#recent, table, settings.tracks));
    this.#addNewSpeakers(table, tracks, final);
    const speakers = this.#memory.speakers.map((speaker) => ({ speaker, model: this.#memory.model(speaker) }));
    if (speakers.length > 0) assignLocalSpeakers(this.#recent, table, speakers, settings.decode, frame);
    this.#events.update(this.#mask, final, present, isEnd);
    this.#open.settle(table, tracks, isEnd ? Number.POSITIVE_INFINITY : final);
    const { every, stretches } = RECLUSTER;
    // The time for re-clustering grows with the square of the number of stretches.
    if ((present - this.#reclustered) * frame >= every * Math.max(1, this.#memory.size / stretches)) {
      this.#reclustered = present;
      yield* this.#recluster();
    }
    yield* this.#memory.compact();
    this.#recent.dropUntil(final - Math.round(CONTEXT / frame));
    this.#speech?.forget(this.#record.start);
  }

  /** Adds a new speaker for each track that matches none of the existing ones. */
  #addNewSpeakers(table: Slots, tracks: Tracks, final: number): void {
    const { starts, decided } = trackStates(this.#recent, table, tracks);
    tracks.sum.forEach((sum, track) => {
      if (decided.has(track) || this.#full) return;
      const { speakers } = this.#memory;
      const seconds = tracks.seconds[track]!;
      const least = speakers.length === 0 ? FIRST : NEW;
      if (seconds < ((starts.get(track) as number) < final ? least.due : least.ever)) return;
      // A track that would not be clustered with any speaker is a new one.
      if (!speakers.every((speaker) => this.#memory.differs(speaker, seconds, sum))) return;
      this.#memory.seed(this.#addSpeaker(), seconds, sum);
    });
  }

  /** Whether the maximum number of speakers is reached. */
  get #full(): boolean {
    return this.#speakers.active.length >= (this.#rules.maxSpeakers ?? Number.POSITIVE_INFINITY);
  }

  #addSpeaker(): number {
    const speaker = this.#speakers.add(this.#next);
    this.#emitSpeaker(speaker);
    return speaker;
  }

  #emitSpeaker(speaker: number): void {
    const { label, name } = this.#speakers.at(speaker);
    this.#emit({ type: 'speaker', speaker: label, ...(name === undefined ? {} : { name }) });
  }

  /** Decides the speaker of a finished turn: the one emitted so far, another one, or a new one. */
  #speakerOf(turn: LiveTurn): number {
    const emitted = this.#speakers.now(turn.speaker);
    const own = this.#memory.stretchesOf({ ...turn, speaker: emitted });
    const found = this.#memory.turnSpeaker(own, emitted);
    if (found === emitted) return emitted;
    const all = this.#memory.stretchesOf({ ...turn, speaker: emitted, start: 0 });
    /** Whether this turn is all of the speaker's speech: it is a new speaker, or was never a separate one. */
    const isAll = all.length === own.length && this.#events.log.turns.every((other) => other.speaker !== emitted);
    if (found === undefined && (isAll || this.#full)) return emitted;
    const speaker = found ?? this.#addSpeaker();
    this.#memory.assign(own, speaker, true);
    if (isAll) this.#merge(emitted, speaker);
    return speaker;
  }

  *#recluster(): Steps<void> {
    const since = this.#next - NEW_SPEAKER_SECONDS / this.#cnn.frame;
    const { merged, unmatched } = yield* this.#memory.recluster((speaker) => this.#speakers.at(speaker).since > since);
    for (const [from, into] of this.#mergeCandidates.confirmed(merged, this.#next * this.#cnn.frame)) {
      // While both speak they cannot be one voice: wait for a later re-clustering.
      if (!this.#events.turns.bothSpeak(from, into)) this.#merge(from, into);
    }
    for (const members of unmatched) {
      if (this.#full) break;
      this.#memory.assign(members, this.#addSpeaker());
    }
    this.#recognize();
  }

  #merge(from: number, into: number): void {
    this.#emit({
      type: 'speaker-merged',
      from: this.#speakers.at(from).label,
      into: this.#speakers.at(into).label,
    });
    if (this.#speakers.merge(from, into)) this.#emitSpeaker(into);
    this.#memory.merge(from, into);
    this.#events.turns.merge(from, into);
    this.#open.forget(from);
    for (const { speakerOf } of this.#recent.all) {
      speakerOf.forEach((speaker, slot) => {
        if (speaker === from) speakerOf[slot] = into;
      });
    }
  }

  #recognize(): void {
    for (const speaker of recognizeSpeakers(this.#cnn, this.#rules, this.#memory, this.#speakers))
      this.#emitSpeaker(speaker);
  }
}
