import { defineConfig } from 'vitest/config';

/** Unit tests import their module; across packages, tests use what `npm run build` made, as users do. */
export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.ts',
      'models/**/*.test.ts',
      'bench/**/*.test.ts',
      'tests/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { shuffle: false },
  },
});
