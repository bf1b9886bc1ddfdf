import { type DiarizationJson, VoiceFlowError } from 'voiceflow-ml/core';
import { $, onDrop, onFile, save } from './dom.ts';
import type { Engine } from './engine.ts';
import { microphoneButton } from './microphone-button.ts';
import { peaksOfFile } from './peaks.ts';
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

const MOST_SPEAKERS = 10;

/** Starts the page: sends files and microphone audio to the engine and shows the results. */
export function startPage(engine: Engine, options: PageOptions = {}): Page {
  const player = new Player($<HTMLAudioElement>('audio'));
  let recording = new Recording('audio');
  let running: AbortController | undefined;
  const view = new View({
    play: (turn) => player.playTurn(turn),
    seek: (time) => player.seek(time),
    renamed: (speaker) => showStatus(`${speaker} is ${recording.nameOf(speaker)}`),
  });

  const microphone = microphoneButton(engine, {
    player,
    view,
    begin,
    isShown: (one) => one === recording,
    finish,
    showStatus,
    showProblem,
    speakerCount,
  });

  // ---------------------------------------------------------------- files

  async function open(file: File): Promise<void> {
    if (microphone.holdsPage()) return;
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
  $('cancel').onclick = () => running?.abort();
  $('play').onclick = () => player.toggle();
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-format]')) {
    const format = button.dataset.format as Format;
    button.onclick = () => save(`${recording.name}.${format}`, recording.toFile(format));
  }
  onDrop($('drop'), (file) => void open(file));
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
      if (microphone.holdsPage()) return;
      finish(begin(name), result);
      showStatus(name);
    },
  };
}
