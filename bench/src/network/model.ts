import { type Option, unexpected } from '@voiceflow-ml/server/args';
import { gaussian, type Random } from '../stats/random.ts';

/** The delays of a network between client and server. */
export interface NetworkOptions {
  /** Range of the round-trip time in milliseconds; each exchange draws its own. */
  readonly rtt: readonly [least: number, most: number];
  /** Standard deviation in milliseconds of the noise added to each delay, which never becomes negative. */
  readonly jitter: number;
}

const MOST_RTT = 10_000;

/** Delays of one connection. The caller must keep the order of deliveries, as TCP does. */
export class NetworkModel {
  readonly #options: NetworkOptions;
  readonly #random: Random;
  #rtt = 0;

  constructor(options: NetworkOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.beginExchange();
  }

  /** Round-trip time of the current exchange in milliseconds. */
  get rtt(): number {
    return this.#rtt;
  }

  /** Draws the round-trip time of a new request. */
  beginExchange(): void {
    const [least, most] = this.#options.rtt;
    this.#rtt = least + (most - least) * this.#random();
  }

  /** Delay of one delivery in one direction, in milliseconds. */
  delay(): number {
    const jitter = this.#options.jitter > 0 ? this.#options.jitter * gaussian(this.#random) : 0;
    return Math.max(0, this.#rtt / 2 + jitter);
  }
}

/** An option with a round-trip time in milliseconds: `10-40` or `25`. */
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
