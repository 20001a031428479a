import { createHash } from 'node:crypto';
import { HumdrumError } from '../../errors.ts';
import { STATUSES, type Status } from '../job/lifecycle.ts';
import { LONGEST_VALUE } from '../statistics/sql.ts';

/** Which jobs. All that is given must fit; of several values of one, any. Times are from their beginning to before their end. */
export interface JobQuery {
  ids?: readonly number[];
  status?: Status | readonly Status[];
  type?: string | readonly string[];
  queue?: string | readonly string[];
  createdFrom?: Date;
  createdTo?: Date;
  /** When the last attempt ended. */
  finishedFrom?: Date;
  finishedTo?: Date;
  /** What stands in the input, by at most three paths that the job's type declares as `attributes`: `{ 'customer.id': 17 }`. */
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Of the last attempt, exactly: `Timeout`, `WorkerLost`, `TypeError`. */
  errorClass?: string;
  /** Text that the last attempt's error message contains, in any case. */
  error?: string;
  schedule?: string;
}

export interface ListOptions extends JobQuery {
  /** By their ids, which go up with time. Default: the newest first. */
  order?: 'newest' | 'oldest';
  /** 1 to 1,000. Default 20. */
  limit?: number;
}

export interface PageOptions extends ListOptions {
  /** `next` of the page before, which was asked for in the same words. */
  after?: string;
}

/** A query that has been checked. Null: whatever it is. */
export interface Wanted {
  ids: readonly number[] | null;
  statuses: readonly Status[] | null;
  types: readonly string[] | null;
  queues: readonly string[] | null;
  created: Range;
  finished: Range;
  attributes: readonly [path: string, value: string][];
  errorClass: string | null;
  error: string | null;
  schedule: string | null;
  newest: boolean;
  limit: number;
}

export interface Range {
  from: Date | null;
  to: Date | null;
}

const MOST_VALUES = 1_000;
const LONGEST_ERROR = 500;

/** Errors: `filter-invalid`. */
export function wantedOf(options: ListOptions): Wanted {
  const { ids = null, order = 'newest', limit = 20 } = options;
  const { errorClass = null, error = null, schedule = null } = options;
  const statuses = withError(list(options.status), errorClass ?? error);
  const wanted = {
    ids,
    statuses,
    types: list(options.type),
    queues: list(options.queue),
    created: { from: options.createdFrom ?? null, to: options.createdTo ?? null },
    finished: { from: options.finishedFrom ?? null, to: options.finishedTo ?? null },
    attributes: Object.entries(options.attributes ?? {})
      .map(([path, value]): [string, string] => [path, String(value)])
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    errorClass,
    error,
    schedule,
    newest: order === 'newest',
    limit: Math.min(Math.max(Math.trunc(limit), 1), MOST_VALUES),
  };
  refuse(order === 'newest' || order === 'oldest', `order is "newest" or "oldest", not "${order}"`);
  refuse(Number.isFinite(limit), 'limit is a whole number from 1 to 1,000');
  check({ ...wanted, statuses: list(options.status) });
  return wanted;
}

/** What has completed has no error. */
function withError(
  statuses: readonly Status[] | null,
  error: string | null,
): readonly Status[] | null {
  if (error === null) return statuses;
  return (statuses ?? STATUSES).filter((status) => status !== 'completed');
}

const list = <T>(given: T | readonly T[] | undefined): readonly T[] | null => {
  if (given === undefined) return null;
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
};

function check(wanted: Wanted): void {
  const { ids, statuses, types, queues, created, finished, attributes, error } = wanted;
  const strange = statuses?.find((status) => !STATUSES.includes(status));
  refuse(strange === undefined, `there is no status "${strange}": they are ${STATUSES.join(', ')}`);
  for (const [name, values] of Object.entries({
    ids,
    status: statuses,
    type: types,
    queue: queues,
  })) {
    refuse(
      values === null || (values.length > 0 && values.length <= MOST_VALUES),
      `${name} names 1 to ${MOST_VALUES} of them`,
    );
  }
  refuse(ids?.every(Number.isSafeInteger) ?? true, 'ids are whole numbers');
  for (const [name, { from, to }] of Object.entries({ created, finished })) {
    const valid = [from, to].every((at) => at === null || !Number.isNaN(at.getTime()));
    refuse(valid, `${name}From and ${name}To are valid dates`);
    refuse(!from || !to || from < to, `${name}From is before ${name}To`);
  }
  refuse(
    error === null || (error.length > 0 && error.length <= LONGEST_ERROR),
    `the text of an error has 1 to ${LONGEST_ERROR} characters`,
  );
  refuse(attributes.length <= 3, 'by at most three attributes at once');
  for (const [path, value] of attributes) {
    refuse(
      value.length <= LONGEST_VALUE,
      `the attribute ${path} has at most ${LONGEST_VALUE} characters`,
    );
  }
}

function refuse(holds: boolean, otherwise: string): void {
  if (!holds) throw new HumdrumError('filter-invalid', `Jobs cannot be listed so: ${otherwise}.`);
}

/** Where a page ends, and of which list: a cursor that says nothing to anybody else. */
export function cursorAt(wanted: Wanted, id: number): string {
  return Buffer.from(`1.${id}.${fingerprint(wanted)}`).toString('base64url');
}

/** The id that the page before ended with. Errors: `cursor-invalid`. */
export function idAt(wanted: Wanted, cursor: string): number {
  const [version, id, print] = Buffer.from(cursor, 'base64url').toString().split('.');
  if (version !== '1' || !/^\d{1,16}$/.test(id ?? '')) {
    throw new HumdrumError(
      'cursor-invalid',
      'That is no cursor of a list of jobs: give back `next` of the page before, unchanged.',
    );
  }
  if (print !== fingerprint(wanted)) {
    throw new HumdrumError(
      'cursor-invalid',
      'This cursor belongs to a list with other filters or another order: ask with the same ones, or begin anew without it.',
    );
  }
  return Number(id);
}

/** A page may have another size than the one before. */
function fingerprint({ limit: _any, ...asked }: Wanted): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 8);
}
