import { defineConfig } from 'vitest/config';

/** `npm run test:consumers`: what strangers build with. Minutes long, and fetches the tools; not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['tests/consumers/**/*.trial.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
