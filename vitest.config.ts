import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

const cheapPasswords = fileURLToPath(new URL('tests/support/password-cost.ts', import.meta.url));

export default defineConfig({
  // A password takes 0.4 s to hash, and tests log in all the time. Those of the command line run what was built, at full cost.
  resolve: { alias: [{ find: /^\.\/password-cost\.ts$/, replacement: cheapPasswords }] },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/support/global-setup.ts',
    setupFiles: 'tests/support/guard-children.ts',
    pool: 'forks',
    // PGlite is compiled once in each process, and what one file leaves of databases serves the next.
    isolate: false,
    // One more than CI's machine has cores: many tests wait for processes, leases and servers, and others work meanwhile.
    maxWorkers: 3,
    // What the compiler made of a file serves the next run too, where the file is the same.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // The JSON report is for `.ci/run`, which counts from it, and for the order of the next run.
    reporters: ['default', ['json', { outputFile: 'test-report.json' }]],
  },
});
