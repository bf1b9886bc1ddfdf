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

/** Sampling at 100 Hz over some seconds sees the mean to a few per cent. */
const TOLERANCE = 0.1;

export function littlesLaw(rate: number, meanLatency: number, observed: number): LittlesLaw {
  const implied = (rate * meanLatency) / 1000;
  const deviation = observed > 0 ? Math.abs(implied - observed) / observed : Number.POSITIVE_INFINITY;
  return { rate, meanLatency, implied, observed, deviation, holds: deviation <= TOLERANCE };
}

/**
 * The share of time that servers are busy: λ·S / servers. Near 1 the queue grows without bound; above 1
 * the figures contradict each other.
 * @param serviceTime Milliseconds of a server's time that one request takes.
 */
export function utilisation(rate: number, serviceTime: number, servers: number): number {
  return (rate * serviceTime) / 1000 / servers;
}
