import { type DiarizationJson, encodeWav, VoiceFlowError } from 'voiceflow-ml/core';
import { $, save } from './dom.ts';
import type { Engine, LiveSession } from './engine.ts';
import { LiveTurns } from './live-turns.ts';
import { type Microphone, openMicrophone } from './microphone.ts';
import { peaksOf, peaksOfFile } from './peaks.ts';
import { Player } from './player.ts';
import { clock, type Format, Recording } from './recording.ts';
import { View } from './view.ts';

/** What the code that starts the page can call. */
export interface Page {
  showStatus(message: string): void;
  showProblem(error: unknown): void;
  /** Shows a result that the page did not compute itself. There is no audio to play. */
  show(name: string, result: DiarizationJson): void;
}

interface PageOptions {
  /** Called with every problem after it is shown. */
  readonly onProblem?: (error: unknown) => void;
}

interface LiveRecording {
  readonly microphone: Microphone;
  readonly session: LiveSession;
  readonly blocks: Float32Array<ArrayBuffer>[];
  readonly events: Promise<void>;
}

/** Milliseconds between redraws during a live session. */
const REDRAW_MS = 250;
const MOST_SPEAKERS = 10;

/** Starts the page: sends files and microphone audio to the engine and shows the results. */
export function startPage(engine: Engine, options: PageOptions = {}): Page {
  const player = new Player($<HTMLAudioElement>('audio'));
  let recording = new Recording('audio');
  let running: AbortController | undefined;
  let live: LiveRecording | undefined;
  const view = new View({
    play: (turn) => player.playTurn(turn),
    seek: (time) => player.seek(time),
    renamed: (speaker) => showStatus(`${speaker} is ${recording.nameOf(speaker)}`),
  });

  // ---------------------------------------------------------------- files

  async function open(file: File): Promise<void> {
    running?.abort();
    const own = new AbortController();
    running = own;
    const shown = begin(file.name, file);
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
    running?.abort();
    const shown = begin('microphone');
    showStatus(engine.waiting);
    let microphone: Microphone | undefined;
    const button = $<HTMLButtonElement>('record');
    button.disabled = true;
    try {
      microphone = await openMicrophone();
      const { sampleRate } = microphone;
      const count = speakerCount();
      const session = await engine.open({ sampleRate, ...(count ? { maxSpeakers: count } : {}) });
      const blocks: Float32Array<ArrayBuffer>[] = [];
      const own = { microphone, session, blocks, events: follow(session, shown) };
      live = own;
      microphone.start((samples) => {
        blocks.push(samples);
        shown.duration = Math.max(shown.duration, (blocks.length * samples.length) / sampleRate);
        // `overloaded` (a minute of audio is queued) drops this block only. Other errors also end the events.
        session.push(samples).catch(() => {});
      });
      own.events.catch((error: unknown) => {
        if (live === own) void lost(own, error);
      });
      recordButton('Stop');
      showStatus('Recording from the microphone. Press Stop to end.');
    } catch (error) {
      await microphone?.close();
      showProblem(error);
    } finally {
      button.disabled = false;
    }
  }

  /** Shows the session's events, with a few redraws per second. */
  async function follow(session: LiveSession, shown: Recording): Promise<void> {
    const turns = new LiveTurns();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      shown.turns = turns.turns;
      shown.duration = Math.max(shown.duration, ...shown.turns.map(({ end }) => end));
      if (recording === shown) view.show(shown);
    };
    try {
      for await (const event of session) {
        turns.apply(event);
        if (event.type === 'speaker' && event.name) shown.rename(event.speaker, event.name);
        timer ??= setTimeout(draw, REDRAW_MS);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async function stopLive(own: LiveRecording): Promise<void> {
    live = undefined;
    const shown = recording;
    recordButton('Use the microphone');
    showStatus('Clustering speakers …');
    try {
      await own.microphone.close();
      const result = await own.session.end();
      await own.events;
      await keepAudio(own, shown);
      finish(shown, result);
    } catch (error) {
      showProblem(error);
    }
  }

  /** Handles a session that failed: the audio and turns so far stay on the page. */
  async function lost(own: LiveRecording, error: unknown): Promise<void> {
    live = undefined;
    recordButton('Use the microphone');
    showProblem(error);
    await own.microphone.close();
    await own.session.close();
    await keepAudio(own, recording);
    $<HTMLButtonElement>('play').disabled = !player.ready;
  }

  async function keepAudio({ blocks, microphone }: LiveRecording, shown: Recording): Promise<void> {
    if (blocks.length === 0) return;
    const { sampleRate } = microphone;
    player.load(new Blob([encodeWav(joined(blocks), sampleRate)], { type: 'audio/wav' }));
    shown.peaks = await peaksOf(blocks, sampleRate);
  }

  function recordButton(text: string): void {
    const button = $<HTMLButtonElement>('record');
    button.textContent = text;
    button.setAttribute('aria-pressed', String(live !== undefined));
    $<HTMLButtonElement>('choose').disabled = live !== undefined;
  }

  // ---------------------------------------------------------------- display

  function begin(name: string, blob?: Blob): Recording {
    player.load(blob);
    $<HTMLButtonElement>('play').disabled = !player.ready;
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
  $('record').onclick = () => void (live ? stopLive(live) : startLive());
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
    if (file && !live) void open(file);
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
      running?.abort();
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

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
