/** Little's law, L = λW: what must hold of any measurement that is not wrong. */
export interface LittlesLaw {
  /** λ: requests finished a second. */
  readonly rate: number;
  /** W: mean milliseconds from send to answer. */
  readonly meanLatency: number;
  /** λW: requests that must have been under way on average. */
  readonly implied: number;
  /** Requests under way as sampled by a clock of its own. */
  readonly observed: number;
  /** |implied − observed| / observed. */
  readonly deviation: number;
  readonly holds: boolean;
}

/** Beyond what chance explains, the two may differ by this: ends of the run, lateness of the clock. */
const TOLERANCE = 0.1;
/** Standard deviations that are put down to chance. */
const CHANCE = 3;

/**
 * @param rate Requests finished a second. @param meanLatency Milliseconds.
 * @param observed Mean of `looks` counts of the requests under way; few looks at few requests see the mean badly.
 */
export function littlesLaw(rate: number, meanLatency: number, observed: number, looks = Infinity): LittlesLaw {
  const implied = (rate * meanLatency) / 1000;
  const deviation = observed > 0 ? Math.abs(implied - observed) / observed : Number.POSITIVE_INFINITY;
  const allowed = Math.max(TOLERANCE, CHANCE / Math.sqrt(Math.max(observed, Number.MIN_VALUE) * looks));
  return { rate, meanLatency, implied, observed, deviation, holds: deviation <= allowed };
}

/**
 * The share of time that servers are busy: λ·S / servers. Near 1 the queue grows without bound; above 1
 * the figures contradict each other.
 * @param serviceTime Milliseconds of a server's time that one request takes.
 */
export function utilisation(rate: number, serviceTime: number, servers: number): number {
  return (rate * serviceTime) / 1000 / servers;
}
