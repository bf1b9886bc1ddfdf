import type { ShownTurn } from './recording.ts';

/** Plays a recording, or one turn of it. */
export class Player {
  /** Called with the position in seconds, on every animation frame during playback and after a seek. */
  onTime: (time: number) => void = () => {};
  onState: (playing: boolean) => void = () => {};
  onProblem: (error: unknown) => void = () => {};
  readonly #audio: HTMLAudioElement;
  /** Where playback stops, in seconds: the end of the turn being played. */
  #stopAt = Number.POSITIVE_INFINITY;
  #frame = 0;

  constructor(audio: HTMLAudioElement) {
    this.#audio = audio;
    audio.onplay = () => {
      this.onState(true);
      this.#tick();
    };
    audio.onpause = () => this.onState(false);
    audio.onseeked = () => this.#tick();
  }

  get ready(): boolean {
    return this.#audio.src !== '';
  }

  get time(): number {
    return this.#audio.currentTime;
  }

  /** Loads a recording; `undefined` unloads the current one. */
  load(blob: Blob | undefined): void {
    this.#audio.pause();
    if (this.#audio.src) URL.revokeObjectURL(this.#audio.src);
    this.#stopAt = Number.POSITIVE_INFINITY;
    // The events of the audio before do not arrive once it is replaced.
    this.onState(false);
    this.onTime(0);
    if (blob) this.#audio.src = URL.createObjectURL(blob);
    else {
      this.#audio.removeAttribute('src');
      this.#audio.load();
    }
  }

  playTurn({ start, end }: ShownTurn): void {
    if (!this.ready) return;
    this.#stopAt = end;
    this.#audio.currentTime = start;
    this.#play();
  }

  seek(time: number): void {
    if (!this.ready) return;
    this.#stopAt = Number.POSITIVE_INFINITY;
    this.#audio.currentTime = time;
  }

  toggle(): void {
    if (!this.ready) return;
    this.#stopAt = Number.POSITIVE_INFINITY;
    if (this.#audio.paused) this.#play();
    else this.#audio.pause();
  }

  #play(): void {
    this.#audio.play().catch((error: unknown) => {
      // Playback was stopped, or another turn was chosen, before it began.
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.onProblem(error);
    });
  }

  #tick(): void {
    const { currentTime, paused } = this.#audio;
    if (!paused && currentTime >= this.#stopAt) {
      this.#audio.pause();
      this.#stopAt = Number.POSITIVE_INFINITY;
    }
    this.onTime(currentTime);
    cancelAnimationFrame(this.#frame);
    if (!this.#audio.paused) this.#frame = requestAnimationFrame(() => this.#tick());
  }
}
