/** @module The worker's script: built into one text (`?script`) and started from there. */
import { checkDevice } from '../device.ts';
import { serverPort } from '../pool/port.ts';
import { serve } from '../pool/worker-side.ts';
import { openNative } from './session.ts';

serve(serverPort(), async (bytes, settings) =>
  openNative(bytes, String(settings.module), checkDevice(settings.device)),
);
