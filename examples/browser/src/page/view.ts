import { $, element } from './dom.ts';
import { clock, describe, type Recording, type ShownTurn } from './recording.ts';
import { colorOf, Timeline } from './timeline.ts';

interface ViewActions {
  play(turn: ShownTurn): void;
  seek(time: number): void;
  renamed(speaker: string): void;
}

interface SpeakerRow {
  readonly item: HTMLElement;
  readonly input: HTMLInputElement;
  readonly time: HTMLElement;
  readonly bar: HTMLElement;
}

/** Shows a recording on the page: timeline, speakers and turns. */
export class View {
  readonly #timeline = new Timeline($<HTMLCanvasElement>('timeline'));
  readonly #actions: ViewActions;
  #recording: Recording | undefined;
  /** The recording whose speakers are listed, and their rows, which stay: the user may be typing a name into one. */
  #listed: Recording | undefined;
  readonly #speakers = new Map<string, SpeakerRow>();
  /** The rows of the list of turns. Only rows whose content (`key`) changed are rebuilt. */
  #rows: { key: string; turn: ShownTurn; button: HTMLButtonElement }[] = [];

  constructor(actions: ViewActions) {
    this.#actions = actions;
    this.#timeline.onPlay = actions.play;
    this.#timeline.onSeek = actions.seek;
    $('zoom-in').onclick = () => this.#timeline.zoom(1 / 2);
    $('zoom-out').onclick = () => this.#timeline.zoom(2);
    $('fit').onclick = () => this.#timeline.fit();
  }

  hide(): void {
    $('result').hidden = true;
  }

  show(recording: Recording): void {
    this.#recording = recording;
    $('result').hidden = false;
    this.#timeline.show(recording);
    this.#showSpeakers(recording);
    this.#showTurns(recording);
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-format]')) {
      button.disabled = recording.turns.length === 0;
    }
  }

  /** Sets the playback position in seconds. */
  set now(time: number) {
    this.#timeline.now = time;
    $('clock').textContent = clock(time);
    for (const { turn, button } of this.#rows) {
      const now = time >= turn.start && time < turn.end;
      if (button.classList.contains('now') !== now) button.classList.toggle('now', now);
    }
  }

  #showSpeakers(recording: Recording): void {
    const { speakers } = recording;
    const list = $('speakers');
    for (const [speaker, { item }] of this.#speakers) {
      if (recording === this.#listed && speakers.includes(speaker)) continue;
      item.remove();
      this.#speakers.delete(speaker);
    }
    this.#listed = recording;
    const most = Math.max(1e-9, ...speakers.map((speaker) => recording.secondsOf(speaker)));
    for (const [at, speaker] of speakers.entries()) {
      const row = this.#speakers.get(speaker) ?? this.#speakerRow(speaker);
      // A row that moves loses the focus.
      if (list.children[at] !== row.item) list.insertBefore(row.item, list.children[at] ?? null);
      row.item.style.setProperty('--of', colorOf(recording, speaker));
      if (row.input !== document.activeElement) row.input.value = recording.nameOf(speaker);
      const seconds = recording.secondsOf(speaker);
      row.time.textContent = clock(seconds);
      row.bar.style.width = `${(100 * seconds) / most}%`;
    }
  }

  #speakerRow(speaker: string): SpeakerRow {
    const row = { item: element('li'), input: element('input'), time: element('time'), bar: element('span', 'bar') };
    row.input.setAttribute('aria-label', `Name of ${speaker}`);
    row.input.onchange = () => this.#rename(speaker, row.input);
    row.item.append(element('span', 'dot'), row.input, row.time, row.bar);
    this.#speakers.set(speaker, row);
    return row;
  }

  #rename(speaker: string, input: HTMLInputElement): void {
    if (!this.#recording) return;
    this.#recording.rename(speaker, input.value);
    input.value = this.#recording.nameOf(speaker);
    this.show(this.#recording);
    this.#actions.renamed(speaker);
  }

  #showTurns(recording: Recording): void {
    const list = $('turns');
    const colors = new Map(recording.speakers.map((speaker) => [speaker, colorOf(recording, speaker)]));
    for (const [at, turn] of recording.turns.entries()) {
      const color = colors.get(turn.speaker) ?? '';
      const key = [turn.start, turn.end, recording.nameOf(turn.speaker), color, turn.tentative].join('|');
      const old = this.#rows[at];
      if (old?.key === key) {
        old.turn = turn;
        continue;
      }
      const row = this.#turnRow(recording, turn, color);
      this.#rows[at] = { key, turn, button: row.button };
      if (old) list.children[at]?.replaceWith(row.item);
      else list.append(row.item);
    }
    for (const _ of this.#rows.splice(recording.turns.length)) list.lastElementChild?.remove();
  }

  #turnRow(recording: Recording, turn: ShownTurn, color: string) {
    const item = element('li');
    const button = element('button', turn.tentative ? 'tentative' : '');
    button.style.setProperty('--of', color);
    button.setAttribute('aria-label', `Play ${describe(recording, turn)}`);
    button.append(
      element('span', 'dot'),
      element('time', '', `${clock(turn.start)} – ${clock(turn.end)}`),
      element('span', '', recording.nameOf(turn.speaker)),
    );
    button.onclick = () => this.#actions.play(turn);
    item.append(button);
    return { item, button };
  }
}
