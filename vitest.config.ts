import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/global-setup.ts',
    setupFiles: ['tests/support/guard-children.ts', 'tests/support/cheap-passwords.ts'],
    pool: 'forks',
    // PGlite is compiled once in each of the two processes, and what one file leaves of databases serves the next.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The JSON report is for `.ci/run`, which counts from it.
    reporters: ['default', ['json', { outputFile: 'test-report.json' }]],
  },
});
