import type { Upload } from '@voiceflow-ml/jobs';
import { assertFits, assertUncompressed, openWebStream, streamBody } from '../../http/body.ts';
import type { AppContext } from '../../http/context.ts';
import type { AppState } from '../../state.ts';

/** The name of the request's API key, which owns its jobs and voices; empty when the server has no keys. */
export function keyOf(c: AppContext): string {
  return c.get('client') ?? '';
}

/**
 * Runs `work` with the body of a request, within the limits of the server, with back pressure: it is read only as fast
 * as it is consumed. What `work` counts is part of the budget of all requests until it ends.
 * @param maxBytes Default: the limit of recordings.
 * @throws `audio-too-large`, `unsupported-format`; as `streamBody` while the body is read; what `work` throws.
 */
export async function withUpload<T>(
  c: AppContext,
  { limits, options, budget }: AppState,
  maxBytes: number | undefined,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  const most = maxBytes ?? limits.bodyBytes;
  assertUncompressed(c.req.header('content-encoding'));
  assertFits(Number(c.req.header('content-length')) || 0, most);
  const body = (options.openBody ?? openWebStream)(c);
  const memory = budget.hold();
  try {
    return await work({
      body: streamBody(body, { maxBytes: most, idleMs: limits.idleBodyMs, signal: c.req.raw.signal }),
      contentType: c.req.header('content-type') ?? '',
      count: memory.take,
    });
  } finally {
    memory.release();
  }
}
