import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { VoiceFlowError } from '../../contract/errors.ts';
import { INSTALL_HINT } from './install-hint.ts';

const NAME = 'onnxruntime-node';

/**
 * The `file:` URL of onnxruntime-node. The worker's script has no address from which to look for it, so it is found here.
 * @throws `backend-unavailable` with what to install.
 */
export function locate(given?: string | URL): string {
  if (given !== undefined) return String(given).startsWith('file:') ? String(given) : pathToFileURL(String(given)).href;
  try {
    // Absent in bundles to CommonJS: then it is looked for from where the program was started.
    const from = import.meta.url ?? pathToFileURL('./').href;
    return pathToFileURL(createRequire(from).resolve(NAME)).href;
  } catch (cause) {
    throw new VoiceFlowError(
      'backend-unavailable',
      `the native backend needs the package ${NAME}, which is not installed`,
      {
        hint: INSTALL_HINT,
        cause,
      },
    );
  }
}
