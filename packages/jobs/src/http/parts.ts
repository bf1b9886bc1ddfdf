import type { Jobs } from '../queue/submit.ts';
import type { Storage } from '../storage/storage.ts';
import type { Voices } from '../voices/voices.ts';
import type { JobsHost } from './host.ts';
import type { Watch } from './watch.ts';

/** The dependencies of the routes. */
export interface RouteParts {
  readonly host: JobsHost;
  readonly jobs: Jobs;
  readonly voices: Voices;
  readonly storage: Storage;
  readonly watch: Watch;
  readonly allowPrivate: boolean;
  /** Whether webhooks can be signed. */
  readonly webhooks: boolean;
  /** @throws `quota-exceeded`, `overloaded`. */
  admit(key: string): Promise<void>;
}
