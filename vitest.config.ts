import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/global-setup.ts',
    setupFiles: ['tests/support/guard-children.ts', 'tests/support/cheap-passwords.ts'],
    pool: 'forks',
    // PGlite is compiled once in each process, and what one file leaves of databases serves the next.
    isolate: false,
    // One more than CI's machine has cores: many tests wait for processes, leases and servers, and others work meanwhile.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The JSON report is for `.ci/run`, which counts from it, and for the order of the next run.
    reporters: ['default', ['json', { outputFile: 'test-report.json' }]],
  },
});
