/** @module The worker's script: bundled into one string (`?script`), from which workers are started. */
import { checkDevice } from '../device.ts';
import { serverPort } from '../pool/port.ts';
import { serve } from '../pool/worker-side.ts';
import { openNative } from './session.ts';

serve(serverPort(), async (bytes, settings) =>
  openNative(bytes, String(settings.module), checkDevice(settings.device)),
);
