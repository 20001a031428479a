import { AssertionError } from 'node:assert';
import { show } from './matching.ts';

/** Something that a test may have meant, and where it is not as the test says. */
export interface Candidate<T> {
  item: T;
  words: string;
  differences: string[];
}

export interface Expectation<T> {
  /** `job`, `event`. */
  noun: string;
  /** As the test says it. */
  wanted: object;
  candidates: readonly Candidate<T>[];
  /** Exactly so many. Without it, at least one. */
  count?: number | undefined;
}

const SHOWN = 5;

export function matching<T>(candidates: readonly Candidate<T>[]): T[] {
  return candidates.filter((one) => one.differences.length === 0).map(({ item }) => item);
}

/** Answers what fits, or throws an AssertionError that shows what comes nearest. */
export function expectFound<T>(expectation: Expectation<T>): T[] {
  const { noun, wanted, candidates, count } = expectation;
  const found = matching(candidates);
  if (count === undefined ? found.length > 0 : found.length === count) return found;
  const said =
    count === undefined
      ? `There is no ${noun} like ${show(wanted)}.`
      : `There should be ${count} of the ${noun}s like ${show(wanted)}, and there are ${found.length}.`;
  throw failure(`${said}${nearest(noun, candidates)}`);
}

export function expectNone<T>(expectation: Expectation<T>): void {
  const { noun, wanted, candidates } = expectation;
  const found = candidates.filter((one) => one.differences.length === 0);
  if (found.length === 0) return;
  const listed = found.slice(0, SHOWN).map(({ words }) => `\n  ${words}`);
  const said = `There should be no ${noun} like ${show(wanted)}, and there is:`;
  throw failure(`${said}${listed.join('')}${andMore(found.length)}`);
}

export function failure(message: string): AssertionError {
  return new AssertionError({ message });
}

function nearest<T>(noun: string, candidates: readonly Candidate<T>[]): string {
  if (candidates.length === 0) return ` There is no ${noun} at all.`;
  const sorted = candidates.toSorted((a, b) => a.differences.length - b.differences.length);
  const listed = sorted
    .slice(0, SHOWN)
    .map((one) => `\n  ${[one.words, ...one.differences].join('\n    ')}`);
  return ` Nearest of ${candidates.length}:${listed.join('')}${andMore(candidates.length)}`;
}

const andMore = (all: number): string => (all > SHOWN ? `\n  … and ${all - SHOWN} more` : '');
