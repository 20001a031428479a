import { HumdrumError } from '../../errors.ts';
import { isWhole } from '../base/whole-number.ts';

/** How many jobs may run at once, or start in a time. It holds across all processes of a database. */
export interface LimitRule {
  /** Running at once, from 0 (nothing starts) to 100,000. */
  concurrency?: number;
  /** A token bucket: at most `tokens` starts at once, filled again evenly in `perMs`. */
  rate?: { tokens: number; perMs: number };
  /** One at a time in strict order: the next starts when the one before has completed, failed for good or been cancelled. */
  ordered?: boolean;
}

/** A limit that a job must pass to start. With a `key`, each key has the limit for itself. */
export interface LimitUse {
  name: string;
  key?: string;
  /** How much of it the job takes. Default 1. */
  weight?: number;
}

export type Limits = ReadonlyMap<string, LimitRule>;

/** One limit, or one limit for one key: `openai`, `per-user/17`. */
export interface Gate {
  name: string;
  weight: number;
}

const NAME = /^[a-z][a-z0-9.-]{0,99}$/;
const MOST_GATES = 10;
const LONGEST_KEY = 500;

/** What keeps the jobs of a schedule with `overlap: 'queue'` in turn. The database knows it by itself, see `limit_of` in 0002_limits.sql. */
export const IN_TURN = 'humdrum.in-turn';

export function inTurn(type: string): LimitUse {
  return { name: IN_TURN, key: type };
}

/** The limits of a configuration, by the names that the database knows: those of queues begin with `queue:`. */
export function limitsOf(options: {
  packs?: readonly { limits?: Readonly<Record<string, LimitRule>> }[];
  limits?: Readonly<Record<string, LimitRule>>;
  queues?: Readonly<Record<string, LimitRule>>;
}): Limits {
  const given = [...(options.packs ?? []).map((pack) => pack.limits), options.limits];
  const named = new Map(given.flatMap((limits) => Object.entries(limits ?? {})));
  const queues = Object.entries(options.queues ?? {});
  for (const [name, rule] of named) checkRule(name, rule);
  for (const [name, rule] of queues) {
    checkRule(name, rule);
    if (rule.ordered) {
      throw invalid(`The queue "${name}" cannot be ordered. Use a limit with ordered: true.`);
    }
  }
  return new Map([
    [IN_TURN, { ordered: true }],
    ...named,
    ...queues.map(([name, rule]): [string, LimitRule] => [`queue:${name}`, rule]),
  ]);
}

function checkRule(name: string, rule: LimitRule): void {
  const { concurrency, rate, ordered = false } = rule;
  if (!NAME.test(name)) {
    throw invalid(
      `"${name}" is no name for a limit: lower-case letters, digits, hyphens and dots, at most 100.`,
    );
  }
  if (name.startsWith('humdrum.')) {
    throw invalid(
      `"${name}" is no name for a limit of yours: those in "humdrum." are the engine's.`,
    );
  }
  if (concurrency === undefined && !rate && !ordered) {
    throw invalid(`The limit "${name}" limits nothing. Give it concurrency, rate or ordered.`);
  }
  if (concurrency !== undefined && !isWhole(concurrency, 0, 100_000)) {
    throw invalid(`The concurrency of "${name}" is a whole number from 0 to 100,000.`);
  }
  if (ordered && concurrency !== undefined && concurrency !== 1) {
    throw invalid(`The limit "${name}" is ordered, so its concurrency is 1.`);
  }
  if (rate && !(isWhole(rate.tokens, 1, 1_000_000) && isWhole(rate.perMs, 1, 31_536_000_000))) {
    throw invalid(
      `The rate of "${name}" is from 1 to 1,000,000 tokens per 1 to 31,536,000,000 ms (a year).`,
    );
  }
}

function invalid(message: string): HumdrumError {
  return new HumdrumError('config-invalid', message);
}

/**
 * The gates of a job, in the order in which it stands in line: the narrowest first, so that a long line for one key is in
 * nobody else's way; then by name, so that no two jobs keep each the turn that the other one waits for. Errors: `limit-unknown`, `input-invalid`.
 */
export function gatesOf(uses: readonly (string | LimitUse)[], limits: Limits): Gate[] {
  const gates = uses.map((use) => gateOf(typeof use === 'string' ? { name: use } : use, limits));
  if (gates.length > MOST_GATES) {
    throw new HumdrumError('input-invalid', `A job can have ${MOST_GATES} limits at most.`);
  }
  const names = new Set(gates.map(({ name }) => name));
  if (names.size < gates.length) {
    throw new HumdrumError('input-invalid', 'A job names each of its limits once.');
  }
  const breadth = ({ name }: Gate): number => {
    const rule = limits.get(ruleName(name));
    return (rule?.ordered ? 0 : 2) + (name.includes('/') ? 0 : 1);
  };
  return gates.toSorted((a, b) => breadth(a) - breadth(b) || (a.name < b.name ? -1 : 1));
}

function gateOf({ name, key, weight = 1 }: LimitUse, limits: Limits): Gate {
  const rule = limits.get(name);
  if (!rule) {
    throw new HumdrumError(
      'limit-unknown',
      `There is no limit "${name}". Define it under limits in the options of createHumdrum.`,
    );
  }
  const most = Math.min(rule.concurrency || Infinity, rule.rate?.tokens ?? Infinity, 32_767);
  if (!isWhole(weight, 1, rule.ordered ? 1 : most)) {
    throw new HumdrumError(
      'input-invalid',
      `A job can take 1 to ${rule.ordered ? 1 : most} of the limit "${name}", not ${weight}.`,
    );
  }
  if (key === undefined) return { name, weight };
  if (key.length > LONGEST_KEY || key.includes('\0')) {
    throw new HumdrumError(
      'input-invalid',
      `The key of the limit "${name}" is longer than ${LONGEST_KEY} characters, or has a NUL in it.`,
    );
  }
  return { name: `${name}/${key}`, weight };
}

function ruleName(gate: string): string {
  return gate.split('/', 1)[0] ?? gate;
}
