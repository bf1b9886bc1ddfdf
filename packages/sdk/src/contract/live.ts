/// <reference lib="esnext.disposable" preserve="true" />
import type { AudioSource } from './audio.ts';
import type { ModelManifest } from './model.ts';
import type { DiarizeOptions, KnownVoice } from './options.ts';
import type { Diarization } from './result.ts';
import type { Turn } from './segment.ts';

/** Options of a live session. */
export interface LiveOptions {
  /** Sample rate in Hz of the audio passed to `push`, 8,000–192,000. */
  readonly sampleRate: number;
  /**
   * Seconds of audio after which the result for a moment is final, 0.5–5 (default 1). A `turn-end` is emitted at most
   * this long after the end of the turn was pushed. A higher latency gives fewer errors.
   */
  readonly latency?: number;
  /**
   * Seconds of audio between two runs of the network, 0.25–1 and at most `latency` (default 0.25). A longer step needs
   * less computation and costs a few points of accuracy.
   */
  readonly step?: number;
  /**
   * Run the network half or a quarter as often while the machine is behind real time, so that events are not late.
   * Default false: the same audio then always gives the same events. Two runs are at most the latency and at most one
   * window apart.
   */
  readonly keepUp?: boolean;
  /** Maximum number of speakers, 1–100. */
  readonly maxSpeakers?: number;
  /** Voices to recognize by name. */
  readonly known?: readonly KnownVoice[];
  /** As in `DiarizeOptions`. */
  readonly falseNames?: number;
  /**
   * Seconds of audio to keep in memory so that another diarizer can process the session at its end, 0–14,400 (default
   * 0). It takes 2 bytes per sample: 115 MB per hour at 16 kHz. A session that lasts longer keeps no audio at all.
   */
  readonly keepAudio?: number;
  /** Aborting it ends the session with `aborted`: `push` and `end` reject, and no more events are emitted. */
  readonly signal?: AbortSignal;
}

/**
 * A turn starts, changes or ends. It is tentative until its `turn-end`, which is final.
 *
 * `start` and `end` are in seconds since the session's first sample. In `turn-start` and `turn-update`, `end` is the
 * end known so far. `turn-update` and `turn-end` may change the speaker; the speaker of `turn-end` is decided from all
 * audio of the turn, and changes later only through `speaker-merged`. `start` no longer changes once the beginning of
 * the turn is final (`latency` after it was pushed). A tentative turn that turns out not to exist is withdrawn by a
 * `turn-end` with `end` equal to `start`.
 */
export interface TurnEvent extends Turn {
  readonly type: 'turn-start' | 'turn-update' | 'turn-end';
  /** The turn's id, unique in its session and never used again. */
  readonly turn: string;
  readonly confidence: number;
}

/**
 * A new speaker, with `name` if it is recognized as a known voice. If it is recognized only later, the event is emitted
 * again with the name.
 */
export interface SpeakerEvent {
  readonly type: 'speaker';
  readonly speaker: string;
  readonly name?: string;
}

/**
 * Two labels turned out to be the same speaker: replace `from` by `into`, also in turns that were already emitted.
 * `from` is never used again.
 */
export interface SpeakerMergedEvent {
  readonly type: 'speaker-merged';
  readonly from: string;
  readonly into: string;
}

/**
 * An event of a live session. A speaker's `speaker` event comes before the first turn with its label. The same samples
 * give the same events in the same order, however they are split into pushes (unless `keepUp` is set).
 */
export type LiveEvent = TurnEvent | SpeakerEvent | SpeakerMergedEvent;

export interface LiveEndOptions {
  /**
   * `true`: cluster the whole session again, in the way that `diarize` clusters a recording. The result is as accurate
   * as that of `diarize` and takes a few seconds of computation per hour of audio. In sessions longer than four hours
   * only the last part (two hours or more) is clustered again; the live labels are kept before it. Default false: the
   * live labels are kept.
   *
   * A diarizer: run it on the audio that the session kept (`keepAudio`), for example one with the `accurate` model.
   * Turns, model, backend and embeddings of the result are then those of that diarizer; speakers keep the labels that
   * were emitted, and also their names where that model's embeddings cannot be compared with `known`. If the session
   * lasted longer than `keepAudio`, it is clustered again as with `true`, with the warning `audio-forgotten`.
   */
  readonly recluster?: boolean | RecordingDiarizer;
}

/** The part of a `Diarizer` that is needed to diarize the kept audio of a session. */
export interface RecordingDiarizer {
  readonly manifest: Pick<ModelManifest, 'space'>;
  diarize(audio: AudioSource, options?: DiarizeOptions): Promise<Diarization>;
}

/** The final result of a session. */
export interface LiveDiarization extends Diarization {
  /** Maps each label that was emitted live, including merged ones, to its label in this result. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A live session: push samples, iterate over events, end.
 *
 * Memory is bounded however long the session lasts. A session keeps:
 * - the last second of audio, or about 20 s with a segmenter (and what `keepAudio` asks for);
 * - up to 256 stretches of speech; beyond that, the most similar stretches of a speaker are merged;
 * - the outputs of the network (6 MB per hour, at most 13 MB; at a lower resolution beyond two hours);
 * - the latest 100,000 turns; older ones are missing from the result, with the warning `turns-forgotten`.
 *
 * Events are queued in the session until they are read by one consumer. Iteration finishes after `end`, and throws the
 * session's error if the session failed (`aborted`, `backend-failed`).
 */
export interface DiarizationSession extends AsyncIterable<LiveEvent> {
  /**
   * Takes any number of mono samples (copied before it returns). The promise resolves when the session has processed
   * everything it can, so await it for backpressure. Calls may overlap; they are processed in order.
   * @throws `invalid-option` for anything but a Float32Array, `invalid-audio` for non-finite samples, and `overloaded`
   *   when more than 60 s of audio or 65,536 events are waiting (in these cases the push is rejected as a whole and the
   *   session continues); `closed` after `end` or `close`; `aborted`; `backend-failed`.
   */
  push(samples: Float32Array): Promise<void>;
  /**
   * Finishes the open turns (emitting their events) and returns the result of the whole session.
   * @throws `invalid-option` for a `recluster` diarizer if no audio is kept (the session continues); any error of that
   *   diarizer.
   */
  end(options?: LiveEndOptions): Promise<LiveDiarization>;
  /** Ends the session without a result; no more events are emitted. Safe to call twice and after `end`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
