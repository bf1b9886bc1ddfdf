#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error('voiceflow: this clone is not built yet. Run npm run setup.');
  process.exitCode = 1;
}
