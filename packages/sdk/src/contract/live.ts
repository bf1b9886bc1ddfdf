/// <reference lib="esnext.disposable" preserve="true" />
import type { AudioSource } from './audio.ts';
import type { ModelManifest } from './model.ts';
import type { DiarizeOptions, KnownVoice } from './options.ts';
import type { Diarization } from './result.ts';
import type { Turn } from './segment.ts';

/** How a live session listens. */
export interface LiveOptions {
  /** Samples a second of what `push` will bring, 8,000–192,000. */
  readonly sampleRate: number;
  /**
   * Seconds after which the audio of a moment is final at the latest, 0.5–5 (default 1).
   * A `turn-end` comes at most this long after the audio of the turn's end was pushed; more latency, fewer errors.
   */
  readonly latency?: number;
  /**
   * Seconds between two looks at the audio, 0.25–1 and at most `latency` (default 0.25). Each look is a run of the
   * network: longer steps cost less, and a few points of accuracy.
   */
  readonly step?: number;
  /**
   * Look half or a quarter as often while the machine is behind real time, rather than be late (default false: the same
   * audio gives the same events). Looks are never farther apart than the latency and one window.
   */
  readonly keepUp?: boolean;
  /** At most this many voices, ≥ 1. */
  readonly maxSpeakers?: number;
  /** Voices to recognise by name. */
  readonly known?: readonly KnownVoice[];
  /** As in `DiarizeOptions`. */
  readonly falseNames?: number;
  /**
   * Seconds of audio that the session keeps to be re-clustered by another diarizer at its end, 0–14,400 (default 0). It
   * takes 2 bytes a sample: 115 MB an hour at 16 kHz. A session that lasts longer keeps none of it.
   */
  readonly keepAudio?: number;
  /** Ends the session with `aborted`: `push` and `end` reject, the events stop. */
  readonly signal?: AbortSignal;
}

/**
 * Somebody speaks: tentative until `turn-end`, which is final and never changes.
 * `start`, `end` in seconds since the session's first sample; in a `turn-start` or `turn-update`, `end` is as far as
 * is known now. The speaker of a turn may change by `turn-update` and `turn-end`, which is decided by all that was heard
 * of the turn; never afterwards except through `speaker-merged`. Once the beginning of a turn is final (`latency` after
 * it was pushed), its start stays. A tentative turn that proves to be none ends by a `turn-end` with `end` equal to `start`.
 */
export interface TurnEvent extends Turn {
  readonly type: 'turn-start' | 'turn-update' | 'turn-end';
  /** The turn's id, unique in its session and never used again. */
  readonly turn: string;
  readonly confidence: number;
}

/** A voice appears for the first time, or is recognised as a known one (`name`), or recognised later (once more, with its name). */
export interface SpeakerEvent {
  readonly type: 'speaker';
  readonly speaker: string;
  readonly name?: string;
}

/** Two labels turned out to be one voice: from now on `from` is `into`, in what was sent as well. `from` is never used again. */
export interface SpeakerMergedEvent {
  readonly type: 'speaker-merged';
  readonly from: string;
  readonly into: string;
}

/**
 * What a live session tells. A speaker's `speaker` event comes before the first turn with its label.
 * The same samples give the same events in the same order, however they were cut into pushes.
 */
export type LiveEvent = TurnEvent | SpeakerEvent | SpeakerMergedEvent;

export interface LiveEndOptions {
  /**
   * Clusters the session again, as a recording is (default false: the live labels stand): as accurate as `diarize`, and
   * some seconds of work for an hour. Of sessions longer than four hours, two hours or more at the end; before, labels stand.
   *
   * A diarizer instead of `true` diarizes the audio that the session kept (`keepAudio`), such as one of the `accurate`
   * model: live turns while people speak, accurate ones for the files. Turns, model, backend and embeddings are then its;
   * labels go on, and names that were told stay. A session that outlasted `keepAudio` is clustered again as by `true`,
   * with the warning `audio-forgotten`.
   */
  readonly recluster?: boolean | RecordingDiarizer;
}

/** What diarizes the recording of a session: a `Diarizer`. */
export interface RecordingDiarizer {
  readonly manifest: Pick<ModelManifest, 'space'>;
  diarize(audio: AudioSource, options?: DiarizeOptions): Promise<Diarization>;
}

/** The final result of a session. */
export interface LiveDiarization extends Diarization {
  /** The result's label of each label that was sent live, merged ones included. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Live diarization: push samples, iterate events, end. Memory is bounded however long the session lasts: a session keeps
 * the audio of its latest second (and what `keepAudio` asks for), 256 remembered stretches of speech (then the most alike of each speaker become one),
 * what the network said (6 MB an hour, 13 MB at most; beyond two hours more coarsely), and its latest 100,000 turns
 * (older ones are missing from the result, with the warning `turns-forgotten`).
 *
 * Events wait in the session until they are iterated (one consumer); iteration is over after `end`, and throws the
 * session's error when it failed (`aborted`, `backend-failed`).
 */
export interface DiarizationSession extends AsyncIterable<LiveEvent> {
  /**
   * Takes mono samples in any number (copied before it returns). The promise resolves when the session has worked off
   * what it can, so awaiting it is the backpressure; calls need not wait for one another and keep their order.
   * @throws `invalid-audio` for non-finite samples, and `overloaded` when more than 60 s of audio or 65,536 events wait
   *   (nothing of that push is taken, and the session goes on); `closed` after `end` or `close`; `aborted`;
   *   `backend-failed`.
   */
  push(samples: Float32Array): Promise<void>;
  /**
   * Finishes the last turns (their events come), and gives the result of the whole session.
   * @throws `invalid-option` for a diarizer where no audio is kept (the session goes on); what that diarizer throws.
   */
  end(options?: LiveEndOptions): Promise<LiveDiarization>;
  /** Drops the session without a result; the events stop. Safe to call twice and after `end`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
