import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';
import { isWhole } from '../base/whole-number.ts';

/** How many jobs may run at once, or start in a time. It applies across all processes of a database. */
export interface LimitRule {
  /** Jobs running at once, from 0 (nothing starts) to 100,000. */
  concurrency?: number;
  /** A token bucket: a burst of at most `tokens` starts, refilled evenly over `perMs`. */
  rate?: { tokens: number; perMs: number };
  /** One at a time, in strict order: the next job starts once the previous one completed, failed for good or was cancelled. */
  ordered?: boolean;
}

const RULE = { concurrency: true, rate: true, ordered: true } satisfies Names<LimitRule>;
const RATE = { tokens: true, perMs: true } satisfies Names<NonNullable<LimitRule['rate']>>;

/** A limit that a job must pass to start. With a `key`, the limit applies to each key separately. */
export interface LimitUse {
  name: string;
  key?: string;
  /** How many slots or tokens the job takes. Default 1. */
  weight?: number;
}

const USE = { name: true, key: true, weight: true } satisfies Names<LimitUse>;

export type Limits = ReadonlyMap<string, LimitRule>;

/** A limit, or a limit for one key: `openai`, `per-user/17`. */
export interface Gate {
  name: string;
  weight: number;
}

const NAME = /^[a-z][a-z0-9.-]{0,99}$/;
const MOST_GATES = 10;
const LONGEST_KEY = 500;

/**
 * The ordered limit of schedules with `overlap: 'queue'`. It has no row in the database: see `limit_of` in 0002_limits.sql.
 */
export const IN_TURN = 'humdrum.in-turn';

export function inTurn(type: string): LimitUse {
  return { name: IN_TURN, key: type };
}

/** The configured limits, by their names in the database. Those of queues begin with `queue:`. Errors: `config-invalid`. */
export function limitsOf(options: {
  packs?: readonly { limits?: Readonly<Record<string, LimitRule>> }[];
  limits?: Readonly<Record<string, LimitRule>>;
  queues?: Readonly<Record<string, LimitRule>>;
}): Limits {
  const sources = [...(options.packs ?? []).map((pack) => pack.limits), options.limits];
  const named = new Map(sources.flatMap((limits) => Object.entries(limits ?? {})));
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
      `"${name}" is not a valid name for a limit. Use lower-case letters, digits, hyphens and dots, at most 100 characters.`,
    );
  }
  if (name.startsWith('humdrum.')) {
    throw invalid(
      `The limit name "${name}" is reserved: names that begin with "humdrum." are the engine's own.`,
    );
  }
  refuseUnknown('config-invalid', `The limit "${name}"`, rule, RULE);
  refuseUnknown('config-invalid', `The limit "${name}"`, rate, RATE, 'rate.');
  if (concurrency === undefined && !rate && !ordered) {
    throw invalid(`The limit "${name}" limits nothing. Give it concurrency, rate or ordered.`);
  }
  if (concurrency !== undefined && !isWhole(concurrency, 0, 100_000)) {
    throw invalid(`The concurrency of "${name}" must be a whole number from 0 to 100,000.`);
  }
  if (ordered && concurrency !== undefined && concurrency !== 1) {
    throw invalid(`The limit "${name}" is ordered, so its concurrency must be 1.`);
  }
  if (rate && !(isWhole(rate.tokens, 1, 1_000_000) && isWhole(rate.perMs, 1, 31_536_000_000))) {
    throw invalid(
      `The rate of "${name}" must be from 1 to 1,000,000 tokens per 1 to 31,536,000,000 ms (a year).`,
    );
  }
}

function invalid(message: string): HumdrumError {
  return new HumdrumError('config-invalid', message);
}

/**
 * The gates of a job, in the order that it passes them. Ordered limits and limits of one key come first, so that a long line
 * for one key does not block other jobs. Then by name: two jobs must not each hold the ordered limit that the other waits
 * for. Errors: `limit-unknown`, `input-invalid`.
 */
export function gatesOf(uses: readonly (string | LimitUse)[], limits: Limits): Gate[] {
  const gates = uses.map((use) => {
    if (typeof use === 'string') return gateOf({ name: use }, limits);
    refuseUnknown('input-invalid', 'A limit that a job must pass', use, USE);
    return gateOf(use, limits);
  });
  if (gates.length > MOST_GATES) {
    throw new HumdrumError('input-invalid', `A job can have at most ${MOST_GATES} limits.`);
  }
  const names = new Set(gates.map(({ name }) => name));
  if (names.size < gates.length) {
    throw new HumdrumError('input-invalid', 'A job must name each of its limits only once.');
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
  const max = Math.min(rule.concurrency || Infinity, rule.rate?.tokens ?? Infinity, 32_767);
  if (!isWhole(weight, 1, rule.ordered ? 1 : max)) {
    throw new HumdrumError(
      'input-invalid',
      `The weight of the limit "${name}" must be from 1 to ${rule.ordered ? 1 : max}, not ${String(weight)}.`,
    );
  }
  if (key === undefined) return { name, weight };
  if (key.length > LONGEST_KEY || key.includes('\0')) {
    throw new HumdrumError(
      'input-invalid',
      `The key of the limit "${name}" must have at most ${LONGEST_KEY} characters and no NUL.`,
    );
  }
  return { name: `${name}/${key}`, weight };
}

function ruleName(gate: string): string {
  return gate.split('/', 1)[0] ?? gate;
}
