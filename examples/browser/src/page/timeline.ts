import { clock, type Recording, type ShownTurn } from './recording.ts';

const LANE = 30;
const AXIS = 22;
const WAVE = 72;
const TOP = AXIS + WAVE;
const LABEL_INSET = 6;
/** The shortest time span that can be shown, in seconds. */
const CLOSEST = 2;
/** Candidate distances between axis marks in seconds; the first that leaves enough room is used. */
const MARKS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const MARK_WIDTH = 70;

/** Draws the waveform and the turns of a time span on a canvas, one lane per speaker. */
export class Timeline {
  onPlay: (turn: ShownTurn) => void = () => {};
  onSeek: (time: number) => void = () => {};
  readonly #canvas: HTMLCanvasElement;
  #recording: Recording | undefined;
  #from = 0;
  #to = 1;
  #now = 0;
  #shownDuration = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  /** The time span on the canvas, in seconds. */
  get shown(): { readonly from: number; readonly to: number } {
    return { from: this.#from, to: this.#to };
  }

  /** Shows a new recording as a whole. For the same recording, the time span stays. */
  show(recording: Recording): void {
    const whole = recording !== this.#recording || this.#to >= this.#shownDuration;
    this.#recording = recording;
    if (whole) this.fit();
    else this.draw();
    this.#shownDuration = Math.max(CLOSEST, recording.duration);
  }

  fit(): void {
    this.#look(0, this.#recording?.duration ?? 1);
  }

  /** @param factor Below 1 zooms in. @param around Fixed point of the zoom in seconds; default: the middle. */
  zoom(factor: number, around = (this.#from + this.#to) / 2): void {
    this.#look(around - (around - this.#from) * factor, around + (this.#to - around) * factor);
  }

  /** Sets the playback position in seconds; scrolls when it leaves the time span. */
  set now(time: number) {
    this.#now = time;
    const length = this.#to - this.#from;
    if (time < this.#from || time > this.#to) this.#look(time, time + length);
    else this.draw();
  }

  #look(from: number, to: number): void {
    const duration = Math.max(CLOSEST, this.#recording?.duration ?? 1);
    const length = Math.min(duration, Math.max(CLOSEST, to - from));
    this.#from = Math.min(Math.max(0, from), duration - length);
    this.#to = this.#from + length;
    this.draw();
  }

  draw(): void {
    const recording = this.#recording;
    const canvas = this.#canvas;
    const context = canvas.getContext('2d');
    if (!recording || !context) return;
    const scale = devicePixelRatio || 1;
    const { speakers } = recording;
    canvas.style.height = `${TOP + LANE * Math.max(1, speakers.length)}px`;
    canvas.width = Math.round(canvas.clientWidth * scale);
    canvas.height = Math.round(canvas.clientHeight * scale);
    context.scale(scale, scale);
    const { color: ink, backgroundColor: ground } = getComputedStyle(canvas);
    const colors = new Map(speakers.map((speaker, at) => [speaker, colorAt(at)]));
    this.#drawAxis(context, ink);
    this.#drawWave(context, recording, colors, ink);
    const shown = recording.turns.filter(({ start, end }) => end >= this.#from && start <= this.#to);
    for (const [lane, speaker] of speakers.entries()) {
      const top = TOP + lane * LANE;
      context.fillStyle = colors.get(speaker) ?? ink;
      for (const turn of shown) {
        if (turn.speaker !== speaker) continue;
        const left = this.#x(turn.start);
        context.globalAlpha = turn.tentative ? 0.45 : 0.9;
        context.fillRect(left, top + 5, Math.max(1.5, this.#x(turn.end) - left), LANE - 10);
      }
      context.globalAlpha = 1;
      context.font = '12px system-ui, sans-serif';
      context.lineWidth = 3;
      context.strokeStyle = ground;
      context.strokeText(recording.nameOf(speaker), LABEL_INSET, top + LANE / 2 + 4);
      context.fillStyle = ink;
      context.fillText(recording.nameOf(speaker), LABEL_INSET, top + LANE / 2 + 4);
    }
    context.fillStyle = ink;
    context.fillRect(this.#x(this.#now) - 1, 0, 2, canvas.clientHeight);
  }

  /** Draws the peak of each column in the color of its speaker. */
  #drawWave(
    context: CanvasRenderingContext2D,
    recording: Recording,
    colors: ReadonlyMap<string, string>,
    ink: string,
  ): void {
    const width = Math.max(1, this.#canvas.clientWidth);
    const owners = new Array<string | undefined>(width);
    for (const { start, end, speaker } of recording.turns) {
      const last = Math.min(width, Math.ceil(this.#x(end)));
      for (let x = Math.max(0, Math.floor(this.#x(start))); x < last; x++) owners[x] = speaker;
    }
    const seconds = (this.#to - this.#from) / width;
    for (let x = 0; x < width; x++) {
      const speaker = owners[x];
      const time = this.#from + x * seconds;
      const size = Math.max(1, loudness(recording, time, time + seconds, speaker !== undefined) * (WAVE - 6));
      context.fillStyle = (speaker && colors.get(speaker)) ?? ink;
      context.globalAlpha = speaker ? 0.9 : 0.35;
      context.fillRect(x, AXIS + (WAVE - size) / 2, 1, size);
    }
    context.globalAlpha = 1;
  }

  #drawAxis(context: CanvasRenderingContext2D, ink: string): void {
    const room = ((this.#to - this.#from) * MARK_WIDTH) / Math.max(1, this.#canvas.clientWidth);
    const step = MARKS.find((mark) => mark >= room) ?? 7200;
    context.font = '11px system-ui, sans-serif';
    for (let time = Math.ceil(this.#from / step) * step; time <= this.#to; time += step) {
      context.fillStyle = ink;
      context.globalAlpha = 0.25;
      context.fillRect(this.#x(time), 0, 1, this.#canvas.clientHeight);
      context.globalAlpha = 0.8;
      context.fillText(clock(time), this.#x(time) + 4, 14);
    }
    context.globalAlpha = 1;
  }

  #x(time: number): number {
    return ((time - this.#from) / (this.#to - this.#from)) * this.#canvas.clientWidth;
  }

  #time(event: MouseEvent): number {
    return this.#from + (event.offsetX / this.#canvas.clientWidth) * (this.#to - this.#from);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const length = this.#to - this.#from;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((event.deltaX || event.deltaY) / this.#canvas.clientWidth) * length;
      this.#look(this.#from + by, this.#to + by);
    } else this.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, this.#time(event));
  }

  #click(event: MouseEvent): void {
    const time = this.#time(event);
    const speaker = this.#recording?.speakers[Math.floor((event.offsetY - TOP) / LANE)];
    const turn = speaker === undefined ? undefined : this.#recording?.turnAt(time, speaker);
    if (turn) this.onPlay(turn);
    else this.onSeek(time);
  }
}

/** The peak between two times, in [0, 1]. Without a waveform: a fixed value where somebody speaks. */
function loudness({ peaks, duration }: Recording, from: number, to: number, speech: boolean): number {
  if (!peaks || !(duration > 0)) return speech ? 0.6 : 0;
  const part = (time: number) => Math.floor((time / duration) * peaks.length);
  let most = 0;
  for (let at = part(from); at <= Math.min(peaks.length - 1, part(to)); at++) most = Math.max(most, peaks[at] ?? 0);
  return most;
}

/** Hues that differ clearly for any number of speakers. */
function colorAt(at: number): string {
  return `hsl(${(at * 137 + 215) % 360} 60% 55%)`;
}

export function colorOf(recording: Recording, speaker: string): string {
  return colorAt(recording.speakers.indexOf(speaker));
}
