import type { ShownTurn } from './recording.ts';

/** Plays a recording, or one turn of it. */
export class Player {
  /** At every frame while it plays, and where it is set. Seconds. */
  onTime: (time: number) => void = () => {};
  onState: (playing: boolean) => void = () => {};
  onProblem: (error: unknown) => void = () => {};
  readonly #audio: HTMLAudioElement;
  /** Where playing stops: the end of the turn that is played. */
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

  /** Nothing: there is nothing to play. */
  load(blob: Blob | undefined): void {
    this.#audio.pause();
    if (this.#audio.src) URL.revokeObjectURL(this.#audio.src);
    this.#stopAt = Number.POSITIVE_INFINITY;
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
      // Stopped, or another turn asked for, before it began: no fault.
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
