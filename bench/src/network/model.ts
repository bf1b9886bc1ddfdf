import { type Option, unexpected } from '@voiceflow-ml/server/args';
import { gaussian, type Random } from '../stats/random.ts';

/** A network between client and server, as far as it delays what is sent. */
export interface NetworkOptions {
  /** Round-trip milliseconds; each exchange draws its own between the two. */
  readonly rtt: readonly [least: number, most: number];
  /** Standard deviation, in milliseconds, added to each delivery's delay; never makes it negative. */
  readonly jitter: number;
}

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

  /** Milliseconds from one side to the other. */
  delay(): number {
    const jitter = this.#options.jitter > 0 ? this.#options.jitter * gaussian(this.#random) : 0;
    return Math.max(0, this.#rtt / 2 + jitter);
  }
}

/** `10-40` or `25`: milliseconds. */
export function rtt(help: string): Option<NetworkOptions['rtt']> {
  return {
    value: '10-40',
    help,
    read: (text = '10-40', name) => {
      const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text.trim());
      const least = Number(match?.[1] ?? Number.NaN);
      const most = Number(match?.[2] ?? match?.[1] ?? Number.NaN);
      if (least <= most && most <= MOST_RTT) return [least, most];
      throw unexpected(name, text, `milliseconds or a range of them up to ${MOST_RTT}, such as 10-40,`);
    },
  };
}
