import type { DiarizationJson } from 'voiceflow-ml/core';
import { $, save } from './dom.ts';
import type { Engine, LiveSession } from './engine.ts';
import { followTurns } from './live-turns.ts';
import { type Microphone, openMicrophone, wavOf } from './microphone.ts';
import { peaksOf } from './peaks.ts';
import type { Player } from './player.ts';
import type { Recording } from './recording.ts';
import type { View } from './view.ts';

/** What a recording from the microphone needs of the page. */
interface RecordingPage {
  readonly player: Player;
  readonly view: View;
  /** Replaces the recording that the page shows by a new one. */
  begin(name: string): Recording;
  isShown(recording: Recording): boolean;
  finish(recording: Recording, result: DiarizationJson): void;
  showStatus(message: string): void;
  showProblem(error: unknown): void;
  /** The number of speakers that the user has chosen; 0 for any. */
  speakerCount(): number;
}

interface LiveRecording {
  readonly shown: Recording;
  readonly microphone: Microphone;
  readonly session: LiveSession;
  readonly blocks: Float32Array<ArrayBuffer>[];
  readonly events: Promise<void>;
}

/** `opening` lasts while the browser asks for permission; `ending` until the result and the audio are on the page. */
type MicrophoneState = 'free' | 'opening' | 'recording' | 'ending';

const RECORDING = 'Recording from the microphone. Press Stop to end.';
const STALLED = 'Nothing arrives from the microphone: nothing is being recorded now. Press Stop to end.';

/** Makes the button record from the microphone. */
export function microphoneButton(engine: Engine, page: RecordingPage) {
  let live: LiveRecording | undefined;
  let state: MicrophoneState = 'free';

  async function startLive(): Promise<void> {
    const shown = page.begin('microphone');
    page.showStatus(engine.waiting);
    setState('opening');
    let microphone: Microphone | undefined;
    let session: LiveSession | undefined;
    try {
      // A file may be opened meanwhile: the page then shows that, and nothing is recorded.
      microphone = await openMicrophone();
      if (page.isShown(shown)) session = await openSession(microphone);
      if (session && page.isShown(shown)) return record(microphone, session, shown);
    } catch (error) {
      if (page.isShown(shown)) page.showProblem(error);
    }
    await microphone?.close();
    await session?.close();
    setState('free');
  }

  function openSession({ sampleRate }: Microphone): Promise<LiveSession> {
    const count = page.speakerCount();
    return engine.open({ sampleRate, ...(count ? { maxSpeakers: count } : {}) });
  }

  function record(microphone: Microphone, session: LiveSession, shown: Recording): void {
    const blocks: Float32Array<ArrayBuffer>[] = [];
    const own = {
      shown,
      microphone,
      session,
      blocks,
      events: followTurns(session, shown, () => page.view.show(shown)),
    };
    own.events.catch((error: unknown) => {
      if (live === own) void lost(own, error);
    });
    microphone.start({
      samples: (block) => {
        blocks.push(block);
        shown.duration = Math.max(shown.duration, (blocks.length * block.length) / microphone.sampleRate);
        // `overloaded` (a minute of audio is queued) drops this block only. Other errors also end the events.
        session.push(block).catch(() => {});
      },
      stalled: (now) => {
        if (live === own) page.showStatus(now ? STALLED : RECORDING);
      },
      ended: () => {
        if (live === own) void stopLive(own);
      },
    });
    live = own;
    setState('recording');
    page.showStatus(RECORDING);
  }

  async function stopLive(own: LiveRecording): Promise<void> {
    live = undefined;
    setState('ending');
    page.showStatus('Clustering speakers …');
    await own.microphone.close();
    // The audio is nowhere else, and the result may fail.
    const kept = keepAudio(own);
    try {
      const result = await own.session.end();
      await own.events;
      await kept;
      page.finish(own.shown, result);
    } catch (error) {
      page.showProblem(error);
      await kept;
    } finally {
      setState('free');
    }
  }

  /** Handles a session that failed: the audio and turns so far stay on the page. */
  async function lost(own: LiveRecording, error: unknown): Promise<void> {
    live = undefined;
    setState('ending');
    page.showProblem(error);
    try {
      await own.microphone.close();
      await keepAudio(own);
      await own.session.close();
    } finally {
      setState('free');
    }
  }

  /** Never throws: the result of the session does not depend on it. */
  async function keepAudio(own: LiveRecording): Promise<void> {
    await offerAudio(own).catch(page.showProblem);
  }

  async function offerAudio({ blocks, microphone, shown }: LiveRecording): Promise<void> {
    if (blocks.length === 0) return;
    const wav = wavOf(blocks, microphone.sampleRate);
    page.player.load(wav);
    $<HTMLButtonElement>('play').disabled = false;
    $('wav').hidden = false;
    $('wav').onclick = () => save(`${shown.name}.wav`, wav);
    page.view.show(shown);
    shown.peaks = await peaksOf(blocks, microphone.sampleRate);
    if (page.isShown(shown)) page.view.show(shown);
  }

  function setState(now: MicrophoneState): void {
    state = now;
    const button = $<HTMLButtonElement>('record');
    button.textContent = now === 'recording' ? 'Stop' : 'Use the microphone';
    button.setAttribute('aria-pressed', String(now === 'recording'));
    // Not `disabled`: the button would lose the keyboard focus.
    button.setAttribute('aria-disabled', String(now === 'opening' || now === 'ending'));
    $<HTMLButtonElement>('choose').disabled = now === 'recording' || now === 'ending';
  }

  /** Whether another recording must wait, which the status then says. */
  function holdsPage(): boolean {
    const holds = state === 'recording' || state === 'ending';
    if (holds) page.showStatus('The recording from the microphone has not ended.');
    return holds;
  }

  // The browser then asks whether to leave the page, with which the recording would be lost.
  addEventListener('beforeunload', (event) => {
    if (holdsPage()) event.preventDefault();
  });

  $('record').onclick = () => {
    if (live) void stopLive(live);
    else if (state === 'free') void startLive();
  };
  return { holdsPage };
}
