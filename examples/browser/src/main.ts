import { encodeWav, type LiveEvent, VoiceFlowError } from 'voiceflow-ml';
import { diarizeFile } from './engine.ts';
import { type Listening, listen } from './microphone.ts';
import { clock, type Format, Recording, type ShownTurn } from './recording.ts';
import { colorOf, Timeline } from './timeline.ts';

const $ = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const audio = $<HTMLAudioElement>('audio');
const timeline = new Timeline($<HTMLCanvasElement>('timeline'));
let recording = new Recording('audio');
let running: AbortController | undefined;
let listening: Listening | undefined;
/** Where playing stops: the end of the turn that is played. */
let stopAt = Number.POSITIVE_INFINITY;

// ---------------------------------------------------------------- a file

async function open(file: File): Promise<void> {
  running?.abort();
  const own = new AbortController();
  running = own;
  begin(file.name, file);
  busy(true, `Loading the network …`);
  const count = Number($<HTMLSelectElement>('count').value);
  try {
    const result = await diarizeFile(file, {
      numSpeakers: count > 0 ? count : undefined,
      signal: own.signal,
      onProgress: ({ stage, done, total }) => {
        const progress = $<HTMLProgressElement>('progress');
        if (total) progress.value = done / total;
        say(
          stage === 'model' ? `Listening: ${clock(done)}${total ? ` of ${clock(total)}` : ''}` : 'Comparing voices …',
        );
      },
    });
    show(result);
  } catch (error) {
    if (own.signal.aborted) say('Cancelled.');
    else problem(error);
  } finally {
    if (running === own) busy(false);
  }
}

// ---------------------------------------------------------------- the microphone

async function toggleMicrophone(): Promise<void> {
  const button = $<HTMLButtonElement>('record');
  try {
    if (listening) {
      const heard = listening;
      listening = undefined;
      button.textContent = 'Use the microphone';
      say('Comparing voices …');
      const result = await heard.stop();
      setAudio(new Blob([encodeWav(joined(heard.heard), heard.sampleRate)], { type: 'audio/wav' }));
      show(result);
      return;
    }
    begin('microphone');
    say('Loading the network …');
    const turns = new Map<string, ShownTurn>();
    listening = await listen((event) => {
      apply(turns, event);
      recording.turns = [...turns.values()].sort((a, b) => a.start - b.start);
      recording.duration = Math.max(recording.duration, ...recording.turns.map(({ end }) => end));
      render();
    });
    button.textContent = 'Stop';
    say('Listening to the microphone. Speak, then press Stop.');
  } catch (error) {
    listening = undefined;
    button.textContent = 'Use the microphone';
    problem(error);
  }
}

function apply(turns: Map<string, ShownTurn>, event: LiveEvent): void {
  if (event.type === 'speaker-merged') {
    for (const [id, turn] of turns) if (turn.speaker === event.from) turns.set(id, { ...turn, speaker: event.into });
  } else if (event.type !== 'speaker') {
    if (event.type === 'turn-end' && event.end <= event.start) turns.delete(event.turn);
    else turns.set(event.turn, { ...event, tentative: event.type !== 'turn-end' });
  }
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

// ---------------------------------------------------------------- what is shown

function begin(name: string, blob?: Blob): void {
  audio.pause();
  recording = new Recording(name);
  if (blob) setAudio(blob);
  $('result').hidden = true;
}

function show(result: {
  readonly duration: number;
  readonly turns: readonly ShownTurn[];
  readonly warnings: readonly { readonly message: string }[];
}): void {
  recording.duration = result.duration;
  recording.turns = result.turns;
  render();
  const { length } = recording.speakers;
  const warnings = result.warnings.map(({ message }) => ` · ${message}`).join('');
  say(`${length} ${length === 1 ? 'speaker' : 'speakers'} in ${clock(result.duration)}${warnings}`);
}

function render(): void {
  $('result').hidden = false;
  timeline.show(recording);
  $('speakers').replaceChildren(...recording.speakers.map(speakerRow));
  $('turns').replaceChildren(...recording.turns.map(turnRow));
}

function speakerRow(speaker: string): HTMLElement {
  const row = document.createElement('li');
  const input = document.createElement('input');
  input.value = recording.nameOf(speaker);
  input.setAttribute('aria-label', `Name of ${speaker}`);
  input.onchange = () => {
    recording.rename(speaker, input.value);
    render();
  };
  row.append(dot(speaker), input, text(clock(recording.secondsOf(speaker))));
  return row;
}

function turnRow(turn: ShownTurn): HTMLElement {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.append(
    dot(turn.speaker),
    text(`${clock(turn.start)} – ${clock(turn.end)}`),
    text(recording.nameOf(turn.speaker)),
  );
  button.onclick = () => playTurn(turn);
  row.append(button);
  return row;
}

function dot(speaker: string): HTMLElement {
  const made = document.createElement('span');
  made.className = 'dot';
  made.style.background = colorOf(recording, speaker);
  return made;
}

function text(content: string): HTMLElement {
  const made = document.createElement('span');
  made.textContent = content;
  return made;
}

function busy(now: boolean, message = ''): void {
  $('cancel').hidden = !now;
  const progress = $<HTMLProgressElement>('progress');
  progress.hidden = !now;
  progress.removeAttribute('value');
  if (message) say(message);
}

function say(message: string): void {
  $('status').className = '';
  $('status').textContent = message;
}

function problem(error: unknown): void {
  $('status').className = 'problem';
  const hint = VoiceFlowError.isInstance(error) && error.hint ? ` (${error.hint})` : '';
  $('status').textContent = `${error instanceof Error ? error.message : String(error)}${hint}`;
}

// ---------------------------------------------------------------- playing

function setAudio(blob: Blob): void {
  if (audio.src) URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(blob);
}

function playTurn({ start, end }: ShownTurn): void {
  stopAt = end;
  audio.currentTime = start;
  void audio.play();
}

function tick(): void {
  if (audio.currentTime >= stopAt) {
    audio.pause();
    stopAt = Number.POSITIVE_INFINITY;
  }
  timeline.now = audio.currentTime;
  $('clock').textContent = clock(audio.currentTime);
  if (!audio.paused) requestAnimationFrame(tick);
}

audio.onplay = tick;
audio.onseeked = tick;
timeline.onPlay = playTurn;
timeline.onSeek = (time) => {
  stopAt = Number.POSITIVE_INFINITY;
  audio.currentTime = time;
};

// ---------------------------------------------------------------- hands

for (let count = 1; count <= 10; count += 1) $('count').append(new Option(String(count), String(count)));
$('choose').onclick = () => $('file').click();
$<HTMLInputElement>('file').onchange = ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file) void open(file);
};
$('record').onclick = () => void toggleMicrophone();
$('cancel').onclick = () => running?.abort();
$('play').onclick = () => {
  stopAt = Number.POSITIVE_INFINITY;
  void (audio.paused ? audio.play() : audio.pause());
};
$('closer').onclick = () => timeline.zoom(1 / 2);
$('farther').onclick = () => timeline.zoom(2);
$('fit').onclick = () => timeline.fit();
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-format]')) {
  button.onclick = () => {
    const format = button.dataset.format as Format;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([recording.toFile(format)], { type: 'text/plain' }));
    link.download = `${recording.name}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
}
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file && !listening) void open(file);
});
