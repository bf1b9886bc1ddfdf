/** Little's law, L = λW, which every correct measurement satisfies. */
export interface LittlesLaw {
  /** λ: finished requests per second. */
  readonly rate: number;
  /** W: mean milliseconds from send to response. */
  readonly meanLatency: number;
  /** λW: implied mean number of active requests. */
  readonly implied: number;
  /** Mean number of active requests, sampled independently by a timer. */
  readonly observed: number;
  /** |implied − observed| / observed. */
  readonly deviation: number;
  readonly holds: boolean;
}

/** Allowed relative deviation, for the ends of the run and delays of the timer. */
const TOLERANCE = 0.1;
/** Standard deviations that count as chance. */
const CHANCE = 3;

/**
 * @param rate Finished requests per second. @param meanLatency Milliseconds.
 * @param observed Mean of `looks` samples of the number of active requests; few samples of few requests are imprecise.
 */
export function littlesLaw(rate: number, meanLatency: number, observed: number, looks = Infinity): LittlesLaw {
  const implied = (rate * meanLatency) / 1000;
  const deviation = observed > 0 ? Math.abs(implied - observed) / observed : Number.POSITIVE_INFINITY;
  const allowed = Math.max(TOLERANCE, CHANCE / Math.sqrt(Math.max(observed, Number.MIN_VALUE) * looks));
  return { rate, meanLatency, implied, observed, deviation, holds: deviation <= allowed };
}

/**
 * The share of time in which servers are busy: λ·S / servers. Near 1 the queue grows without bound; above 1 the figures
 * contradict each other.
 * @param serviceTime Milliseconds of a server's time per request.
 */
export function utilisation(rate: number, serviceTime: number, servers: number): number {
  return (rate * serviceTime) / 1000 / servers;
}
