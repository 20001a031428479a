import { afterEach, expect, it, vi } from 'vitest';
import { isDryRunSet } from '../../src/engine/base/dry-run.ts';
import { closedDatabase } from '../../src/cli/closed-database.ts';
import { Humdrum } from '../../src/engine/humdrum.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ['1', true],
  ['true', true],
  ['Yes', true],
  [' ON ', true],
  ['', false],
  ['0', false],
  ['FALSE', false],
  ['no', false],
  ['off', false],
])('JOB_DRY_RUN=%j is %s', (word, isOn) => {
  vi.stubEnv('JOB_DRY_RUN', word);
  expect(isDryRunSet()).toBe(isOn);
});

it.each(['2', 'y', 'maybe', 'null'])('JOB_DRY_RUN=%s is refused, also in a program', (word) => {
  vi.stubEnv('JOB_DRY_RUN', word);
  expect(() => new Humdrum(closedDatabase, {}, false)).toThrow(
    `JOB_DRY_RUN must be 1, true, yes or on, or else 0, false, no or off, not "${word}".`,
  );
});
