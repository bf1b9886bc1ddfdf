import { VoiceFlowError } from 'voiceflow-ml/core';
import { gaussian, type Random } from '../stats/random.ts';

/** A network between client and server, as far as it delays what is sent. */
export interface NetworkOptions {
  /** Round-trip milliseconds; each exchange draws its own between the two. */
  readonly rtt: readonly [least: number, most: number];
  /** Standard deviation, in milliseconds, added to each delivery's delay; never makes it negative. */
  readonly jitter: number;
  /** Share of packets lost, 0–1. A lost packet comes again one round trip later, or after the timeout at the end of a burst. */
  readonly loss: number;
  /** Megabits a second in each direction; absent: unlimited. */
  readonly bandwidth?: number;
}

/** Payload of a TCP segment on Ethernet. */
const SEGMENT = 1460;
/** Segments that must follow a lost one for the sender to notice at once (RFC 5681, three duplicate ACKs). */
const DUPLICATES = 3;
/** Least retransmission timeout of Linux, milliseconds. RFC 6298 would say 1000. */
const RETRANSMISSION_TIMEOUT = 200;
const MOST_RTT = 10_000;

/** Delays of one connection. TCP delivers in order, so nothing overtakes: the caller keeps the order. */
export class NetworkModel {
  readonly #options: NetworkOptions;
  readonly #random: Random;
  #rtt = 0;

  constructor(options: NetworkOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.beginExchange();
  }

  /** Round-trip milliseconds of the exchange under way. */
  get rtt(): number {
    return this.#rtt;
  }

  /** A new request begins: another path, another round trip. */
  beginExchange(): void {
    const [least, most] = this.#options.rtt;
    this.#rtt = least + (most - least) * this.#random();
  }

  /** Milliseconds for the wire to take up `bytes`, which keep it from taking up the next ones. */
  transmission(bytes: number): number {
    const { bandwidth } = this.#options;
    return bandwidth === undefined ? 0 : (bytes * 8) / (bandwidth * 1000);
  }

  /** Milliseconds from the wire to the other side for `bytes` sent at once, retransmissions included. */
  delay(bytes: number): number {
    const jitter = this.#options.jitter > 0 ? this.#options.jitter * gaussian(this.#random) : 0;
    return Math.max(0, this.#rtt / 2 + jitter) + this.#retransmission(Math.ceil(bytes / SEGMENT));
  }

  /** Losses of one burst are repaired together: by duplicate ACKs in one round trip, the last segments by timeout. */
  #retransmission(segments: number): number {
    const { loss } = this.#options;
    if (loss === 0) return 0;
    let wait = 0;
    for (let segment = 0; segment < segments; segment++) {
      if (this.#random() >= loss) continue;
      const noticed = segments - segment > DUPLICATES;
      let repair = noticed ? this.#rtt : RETRANSMISSION_TIMEOUT + this.#rtt;
      // The repetition may be lost too; each further timeout doubles.
      for (let timeout = RETRANSMISSION_TIMEOUT; this.#random() < loss; timeout *= 2) repair += timeout;
      wait = Math.max(wait, repair);
    }
    return wait;
  }
}

/** `10-40` or `25`: milliseconds. */
export function parseRtt(text: string): readonly [number, number] {
  const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text.trim());
  const least = Number(match?.[1] ?? Number.NaN);
  const most = Number(match?.[2] ?? match?.[1] ?? Number.NaN);
  if (!(least <= most && most <= MOST_RTT)) {
    throw new VoiceFlowError(
      'invalid-option',
      `--rtt is ${JSON.stringify(text)}; milliseconds or a range of them up to ${MOST_RTT} are expected`,
      { hint: 'for example --rtt 10-40' },
    );
  }
  return [least, most];
}
