import { fastCnn } from 'voiceflow-ml';
import type { Subject } from '../harness.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}

export const OCTETS = { 'content-type': 'application/octet-stream' };
const { id, version, space, outputs } = fastCnn.manifest;
export const MODEL = { id, version, space };
/** Frames of one window's activity. */
export const FRAMES = Number(outputs.find(({ name }) => name === 'activity')?.dims[1]);

export interface SuiteOptions {
  /** The clock does not move while the subject computes: no deadline passes, nothing takes time. */
  readonly timeStandsStill?: boolean;
  /** The runtime itself cuts off uploads that nobody reads (bare workerd; the edge before it does not). */
  readonly cutsUploads?: boolean;
  /** Another backend than the SDK's here: times may differ by a frame. */
  readonly approximate?: boolean;
}

/** What the tests of a route need. */
export interface Suite extends SuiteOptions {
  readonly subject: Pick<Subject, 'fetch'>;
  post(path: string, body: BodyInit, headers?: Record<string, string>): Promise<Response>;
  /** The body of a problem response, whose form it checks. */
  problem(response: Response): Promise<Problem>;
}
