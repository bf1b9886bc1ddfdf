import type { Jobs } from '../queue/submit.ts';
import type { Storage } from '../storage/storage.ts';
import type { Voices } from '../voices/voices.ts';
import type { JobsHost } from './host.ts';
import type { Watch } from './watch.ts';

export interface RouteParts {
  readonly host: JobsHost;
  readonly jobs: Jobs;
  readonly voices: Voices;
  readonly storage: Storage;
  readonly watch: Watch;
  readonly allowPrivate: boolean;
  /** Whether webhooks can be signed. */
  readonly webhooks: boolean;
  /**
   * Runs the submission of a job if its client may submit it and the queue has a place for it.
   * @throws `quota-exceeded`, `overloaded`, what `request` throws.
   */
  admit<T>(key: string, request: () => Promise<T>): Promise<T>;
}
