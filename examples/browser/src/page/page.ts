import { type DiarizationJson, VoiceFlowError } from 'voiceflow-ml/core';
import { $, save } from './dom.ts';
import type { Engine, LiveSession } from './engine.ts';
import { followTurns } from './live-turns.ts';
import { type Microphone, openMicrophone, wavOf } from './microphone.ts';
import { peaksOf, peaksOfFile } from './peaks.ts';
import { Player } from './player.ts';
import { clock, type Format, Recording } from './recording.ts';
import { View } from './view.ts';

/** What the code that starts the page can call. */
export interface Page {
  showStatus(message: string): void;
  showProblem(error: unknown): void;
  /**
   * Shows a result that the page did not compute itself. There is no audio to play. Refused while the microphone's
   * recording has not ended, because that would be lost.
   */
  show(name: string, result: DiarizationJson): void;
}

interface PageOptions {
  /** Called with every problem after it is shown. */
  readonly onProblem?: (error: unknown) => void;
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

const MOST_SPEAKERS = 10;

/** Starts the page: sends files and microphone audio to the engine and shows the results. */
export function startPage(engine: Engine, options: PageOptions = {}): Page {
  const player = new Player($<HTMLAudioElement>('audio'));
  let recording = new Recording('audio');
  let running: AbortController | undefined;
  let live: LiveRecording | undefined;
  let microphoneState: MicrophoneState = 'free';
  const view = new View({
    play: (turn) => player.playTurn(turn),
    seek: (time) => player.seek(time),
    renamed: (speaker) => showStatus(`${speaker} is ${recording.nameOf(speaker)}`),
  });

  // ---------------------------------------------------------------- files

  async function open(file: File): Promise<void> {
    if (microphoneHoldsPage()) return;
    const shown = begin(file.name, file);
    const own = new AbortController();
    running = own;
    busy(true);
    showStatus(engine.waiting);
    const peaks = peaksOfFile(file);
    const count = speakerCount();
    try {
      const result = await engine.diarize(file, {
        ...(count ? { numSpeakers: count } : {}),
        signal: own.signal,
        onProgress: ({ stage, done, total }) => {
          if (running !== own) return;
          if (total) $<HTMLProgressElement>('progress').value = done / total;
          const analyzed = `Analyzing: ${clock(done)}${total ? ` of ${clock(total)}` : ''}`;
          showStatus(stage === 'model' ? analyzed : 'Clustering speakers …');
        },
      });
      if (running !== own) return;
      finish(shown, result);
      shown.peaks = await peaks;
      if (recording === shown) view.show(shown);
    } catch (error) {
      if (running !== own) return;
      if (own.signal.aborted) showStatus('Canceled.');
      else showProblem(error);
    } finally {
      if (running === own) busy(false);
    }
  }

  // ---------------------------------------------------------------- microphone

  async function startLive(): Promise<void> {
    const shown = begin('microphone');
    showStatus(engine.waiting);
    setMicrophone('opening');
    let microphone: Microphone | undefined;
    let session: LiveSession | undefined;
    try {
      // A file may be opened meanwhile: the page then shows that, and nothing is recorded.
      microphone = await openMicrophone();
      if (recording === shown) session = await openSession(microphone);
      if (session && recording === shown) return record(microphone, session, shown);
    } catch (error) {
      if (recording === shown) showProblem(error);
    }
    await microphone?.close();
    await session?.close();
    setMicrophone('free');
  }

  function openSession({ sampleRate }: Microphone): Promise<LiveSession> {
    const count = speakerCount();
    return engine.open({ sampleRate, ...(count ? { maxSpeakers: count } : {}) });
  }

  function record(microphone: Microphone, session: LiveSession, shown: Recording): void {
    const blocks: Float32Array<ArrayBuffer>[] = [];
    const own = { shown, microphone, session, blocks, events: followTurns(session, shown, () => view.show(shown)) };
    own.events.catch((error: unknown) => {
      if (live === own) void lost(own, error);
    });
    microphone.start(
      (samples) => {
        blocks.push(samples);
        shown.duration = Math.max(shown.duration, (blocks.length * samples.length) / microphone.sampleRate);
        // `overloaded` (a minute of audio is queued) drops this block only. Other errors also end the events.
        session.push(samples).catch(() => {});
      },
      () => {
        if (live === own) void stopLive(own);
      },
    );
    live = own;
    setMicrophone('recording');
    showStatus('Recording from the microphone. Press Stop to end.');
  }

  async function stopLive(own: LiveRecording): Promise<void> {
    live = undefined;
    setMicrophone('ending');
    showStatus('Clustering speakers …');
    await own.microphone.close();
    // The audio is nowhere else, and the result may fail.
    const kept = keepAudio(own);
    try {
      const result = await own.session.end();
      await own.events;
      await kept;
      finish(own.shown, result);
    } catch (error) {
      showProblem(error);
      await kept;
    } finally {
      setMicrophone('free');
    }
  }

  /** Handles a session that failed: the audio and turns so far stay on the page. */
  async function lost(own: LiveRecording, error: unknown): Promise<void> {
    live = undefined;
    setMicrophone('ending');
    showProblem(error);
    try {
      await own.microphone.close();
      await keepAudio(own);
      await own.session.close();
    } finally {
      setMicrophone('free');
    }
  }

  /** Never throws: the result of the session does not depend on it. */
  async function keepAudio(own: LiveRecording): Promise<void> {
    await offerAudio(own).catch(showProblem);
  }

  async function offerAudio({ blocks, microphone, shown }: LiveRecording): Promise<void> {
    if (blocks.length === 0) return;
    const wav = wavOf(blocks, microphone.sampleRate);
    player.load(wav);
    $<HTMLButtonElement>('play').disabled = false;
    $('wav').hidden = false;
    $('wav').onclick = () => save(`${shown.name}.wav`, wav);
    view.show(shown);
    shown.peaks = await peaksOf(blocks, microphone.sampleRate);
    if (recording === shown) view.show(shown);
  }

  function setMicrophone(state: MicrophoneState): void {
    microphoneState = state;
    const button = $<HTMLButtonElement>('record');
    button.textContent = state === 'recording' ? 'Stop' : 'Use the microphone';
    button.setAttribute('aria-pressed', String(state === 'recording'));
    // Not `disabled`: the button would lose the keyboard focus.
    button.setAttribute('aria-disabled', String(state === 'opening' || state === 'ending'));
    $<HTMLButtonElement>('choose').disabled = state === 'recording' || state === 'ending';
  }

  /** Whether another recording must wait, which the status then says. */
  function microphoneHoldsPage(): boolean {
    const holds = microphoneState === 'recording' || microphoneState === 'ending';
    if (holds) showStatus('The recording from the microphone has not ended.');
    return holds;
  }

  // The browser then asks whether to leave the page, with which the recording would be lost.
  addEventListener('beforeunload', (event) => {
    if (microphoneHoldsPage()) event.preventDefault();
  });

  // ---------------------------------------------------------------- display

  function begin(name: string, blob?: Blob): Recording {
    running?.abort();
    running = undefined;
    busy(false);
    player.load(blob);
    $<HTMLButtonElement>('play').disabled = !player.ready;
    $('wav').hidden = true;
    recording = new Recording(name);
    view.hide();
    return recording;
  }

  function finish(shown: Recording, result: DiarizationJson): void {
    shown.show(result);
    $<HTMLButtonElement>('play').disabled = !player.ready;
    view.show(shown);
    const { length } = shown.speakers;
    const warnings = result.warnings.map(({ message }) => ` · ${message}`).join('');
    showStatus(`${length} ${length === 1 ? 'speaker' : 'speakers'} in ${clock(result.duration)}${warnings}`);
  }

  function busy(now: boolean): void {
    $('cancel').hidden = !now;
    const progress = $<HTMLProgressElement>('progress');
    progress.hidden = !now;
    progress.removeAttribute('value');
  }

  function showStatus(message: string): void {
    $('status').className = '';
    $('status').textContent = message;
  }

  function showProblem(error: unknown): void {
    const hint = VoiceFlowError.isInstance(error) && error.hint ? ` (${error.hint})` : '';
    showStatus(`${error instanceof Error ? error.message : String(error)}${hint}`);
    $('status').className = 'problem';
    options.onProblem?.(error);
  }

  function speakerCount(): number {
    return Number($<HTMLSelectElement>('count').value);
  }

  // ---------------------------------------------------------------- controls

  player.onTime = (time) => {
    view.now = time;
  };
  player.onState = (playing) => {
    $('play').textContent = playing ? 'Pause' : 'Play';
  };
  player.onProblem = showProblem;
  for (let count = 1; count <= MOST_SPEAKERS; count++) $('count').append(new Option(String(count), String(count)));
  onFile($<HTMLInputElement>('file'), $('choose'), (file) => void open(file));
  $('record').onclick = () => {
    if (live) void stopLive(live);
    else if (microphoneState === 'free') void startLive();
  };
  $('cancel').onclick = () => running?.abort();
  $('play').onclick = () => player.toggle();
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-format]')) {
    const format = button.dataset.format as Format;
    button.onclick = () => save(`${recording.name}.${format}`, recording.toFile(format));
  }
  const drop = $('drop');
  addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', () => drop.classList.remove('over'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const file = event.dataTransfer?.files[0];
    if (file) void open(file);
  });
  addEventListener('keydown', (event) => {
    const { target, key, ctrlKey, metaKey, altKey } = event;
    if ($('result').hidden || ctrlKey || metaKey || altKey || !(target instanceof Element)) return;
    if (target.matches('input, select, textarea') || (key === ' ' && target.matches('button'))) return;
    if (key === ' ') player.toggle();
    else if (key === 'ArrowRight' || key === 'ArrowLeft') {
      const turn = recording.turnFrom(player.time, key === 'ArrowRight' ? 1 : -1);
      if (turn) player.playTurn(turn);
    } else return;
    event.preventDefault();
  });

  return {
    showStatus,
    showProblem,
    show(name, result) {
      if (microphoneHoldsPage()) return;
      finish(begin(name), result);
      showStatus(name);
    },
  };
}

/** Makes a button open the file chooser. The same file can be chosen again. */
export function onFile(input: HTMLInputElement, button: HTMLElement, use: (file: File) => void): void {
  button.onclick = () => input.click();
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file) use(file);
    input.value = '';
  };
}
