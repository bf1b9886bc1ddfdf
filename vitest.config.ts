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
      'examples/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    // Against a hang, not a measure of speed: what takes seconds on a quiet machine may take minutes on a busy one.
    testTimeout: 480_000,
    hookTimeout: 480_000,
    sequence: { shuffle: false },
    /** `npm run coverage`. */
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'models/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/fixtures/**'],
      reporter: ['text-summary', 'html'],
    },
  },
});
