import { inProcess, NODE_ENTRY, spawnServer } from './harness.ts';
import { routeSuite } from './route-suite.ts';

const bodyBytes = 8 * 1024 * 1024;

routeSuite('the app, in process', () => inProcess({ limits: { bodyBytes } }));
routeSuite('the server on Node', () =>
  spawnServer([process.execPath, NODE_ENTRY], { VOICEFLOW_BODY_BYTES: String(bodyBytes) }),
);
