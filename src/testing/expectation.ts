import { AssertionError } from 'node:assert';
import { show } from './matching.ts';

/** A job or effect, and how it differs from what the test expects. */
export interface Candidate<T> {
  item: T;
  words: string;
  differences: string[];
}

export interface Expectation<T> {
  /** Such as `job` or `event`. */
  noun: string;
  /** What the test expects. */
  wanted: object;
  candidates: readonly Candidate<T>[];
  /** The exact number expected. Default: at least one. */
  count?: number | undefined;
}

const SHOWN = 5;

export function matching<T>(candidates: readonly Candidate<T>[]): T[] {
  return candidates.filter((one) => one.differences.length === 0).map(({ item }) => item);
}

/** Returns the matches. Throws an AssertionError that shows the closest candidates if there are too few or too many. */
export function expectFound<T>(expectation: Expectation<T>): T[] {
  const { noun, wanted, candidates, count } = expectation;
  const found = matching(candidates);
  if (count === undefined ? found.length > 0 : found.length === count) return found;
  const message =
    count === undefined
      ? `No ${noun} matches ${show(wanted)}.`
      : `Expected ${count} ${noun}s that match ${show(wanted)}, found ${found.length}.`;
  throw failure(`${message}${nearest(noun, candidates)}`);
}

export function expectNone<T>(expectation: Expectation<T>): void {
  const { noun, wanted, candidates } = expectation;
  const found = candidates.filter((one) => one.differences.length === 0);
  if (found.length === 0) return;
  const listed = found.slice(0, SHOWN).map(({ words }) => `\n  ${words}`);
  const message = `Expected no ${noun} that matches ${show(wanted)}, found:`;
  throw failure(`${message}${listed.join('')}${andMore(found.length)}`);
}

export function failure(message: string): AssertionError {
  return new AssertionError({ message });
}

function nearest<T>(noun: string, candidates: readonly Candidate<T>[]): string {
  if (candidates.length === 0) return ` There are no ${noun}s.`;
  const sorted = candidates.toSorted((a, b) => a.differences.length - b.differences.length);
  const listed = sorted
    .slice(0, SHOWN)
    .map((one) => `\n  ${[one.words, ...one.differences].join('\n    ')}`);
  return ` Closest of ${candidates.length}:${listed.join('')}${andMore(candidates.length)}`;
}

const andMore = (all: number): string => (all > SHOWN ? `\n  … and ${all - SHOWN} more` : '');
