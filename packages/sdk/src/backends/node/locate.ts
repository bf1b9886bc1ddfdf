import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { INSTALL_HINT } from './session.ts';

const NAME = 'onnxruntime-node';

/**
 * The `file:` URL of onnxruntime-node. It is resolved here, because the worker's script has no file path to resolve
 * from.
 * @throws `backend-unavailable` with an install hint.
 */
export function locate(path?: string | URL): string {
  if (path !== undefined) return String(path).startsWith('file:') ? String(path) : pathToFileURL(String(path)).href;
  try {
    // `import.meta.url` is absent in CommonJS bundles; then it is resolved from the working directory.
    const from = import.meta.url ?? pathToFileURL('./').href;
    return pathToFileURL(createRequire(from).resolve(NAME)).href;
  } catch (cause) {
    throw new VoiceFlowError(
      'backend-unavailable',
      `the native backend needs the package ${NAME}, which is not installed`,
      { hint: INSTALL_HINT, cause },
    );
  }
}
