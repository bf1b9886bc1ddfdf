import { defineConfig } from 'vitest/config';

/** `npm run test:consumers`: builds projects with the bundlers that users have. Takes minutes and downloads the bundlers; not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['tests/consumers/**/*.trial.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
