import { HumdrumError, nearest } from '../../errors.ts';
import { clamp } from '../base/clamp.ts';
import { STATUSES, type Status } from '../job/lifecycle.ts';
import { LONGEST_VALUE } from '../statistics/sql.ts';

/**
 * Which jobs. A job must match every filter; where a filter has several values, any of them. Times include their
 * beginning and exclude their end. Lists, counts, previews and bulk acts all take it.
 */
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
  /** Values in the input, at up to three paths that the job's type declares as `attributes`: `{ 'customer.id': 17 }`. */
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Of the last attempt, exactly: `Timeout`, `WorkerLost`, `TypeError`. */
  errorClass?: string;
  /** Text that the last attempt's error message contains, in any case. */
  error?: string;
  schedule?: string;
}

/** The same as `JobQuery`. */
export type JobFilter = JobQuery;

export interface ListOptions extends JobQuery {
  /** By their ids, which go up with time. Default: the newest first. */
  order?: 'newest' | 'oldest';
  /** 1 to 1,000. Default 20. */
  limit?: number;
}

export interface PageOptions extends ListOptions {
  /** `next` of the page before, which was asked for with the same query and order. */
  after?: string;
}

/** A valid query. Null: no such filter was given. */
export interface CheckedQuery {
  ids: readonly number[] | null;
  statuses: readonly Status[] | null;
  types: readonly string[] | null;
  queues: readonly string[] | null;
  created: TimeRange;
  finished: TimeRange;
  attributes: readonly [path: string, value: string][];
  errorClass: string | null;
  error: string | null;
  schedule: string | null;
}

export interface CheckedList extends CheckedQuery {
  newest: boolean;
  limit: number;
}

/** `from` is included, `to` is not. */
export interface TimeRange {
  from: Date | null;
  to: Date | null;
}

/** A query in its one normal form, which JSON keeps: lists without repetitions, attributes as text. */
export interface NormalQuery extends JobQuery {
  ids?: number[];
  status?: Status[];
  type?: string[];
  queue?: string[];
  attributes?: Record<string, string>;
}

const MOST_VALUES = 1_000;
const MOST_ATTRIBUTES = 3;
const LONGEST_ERROR = 500;

const FILTERS = [
  'ids',
  'status',
  'type',
  'queue',
  'createdFrom',
  'createdTo',
  'finishedFrom',
  'finishedTo',
  'attributes',
  'errorClass',
  'error',
  'schedule',
] as const satisfies readonly (keyof JobQuery)[];

/** Names that are too far from the right ones for `nearest` to find them. */
const MEANT: Readonly<Record<string, (typeof FILTERS)[number]>> = {
  createdAfter: 'createdFrom',
  createdBefore: 'createdTo',
  finishedAfter: 'finishedFrom',
  finishedBefore: 'finishedTo',
  id: 'ids',
};

/** The filter that is meant by an old or common name for it. */
export function renamedFilter(name: string): string | null {
  return MEANT[name] ?? null;
}

/** Errors: `filter-invalid`. */
export function checkList({ order = 'newest', limit = 20, ...query }: ListOptions): CheckedList {
  refuse(order === 'newest' || order === 'oldest', `order is "newest" or "oldest", not "${order}"`);
  refuse(Number.isFinite(limit), 'limit is a whole number from 1 to 1,000');
  return {
    ...checkQuery(query),
    newest: order === 'newest',
    limit: clamp(limit, 1, MOST_VALUES),
  };
}

/** Errors: `filter-invalid`. */
export function checkQuery(query: JobQuery): CheckedQuery {
  refuseUnknownNames(query);
  const { ids = null, errorClass = null, error = null, schedule = null } = query;
  const statuses = listOf(query.status);
  const checked = {
    ids,
    statuses: withError(statuses, errorClass ?? error),
    types: listOf(query.type),
    queues: listOf(query.queue),
    created: { from: query.createdFrom ?? null, to: query.createdTo ?? null },
    finished: { from: query.finishedFrom ?? null, to: query.finishedTo ?? null },
    attributes: Object.entries(query.attributes ?? {})
      .map(([path, value]): [string, string] => [path, String(value)])
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    errorClass,
    error,
    schedule,
  };
  checkLists({ ids, status: statuses, type: checked.types, queue: checked.queues });
  checkTimes(checked);
  checkTexts(checked);
  return checked;
}

/** What `checkQuery` understood, as a query again. */
export function normalQuery(query: CheckedQuery): NormalQuery {
  const { ids, statuses, types, queues, created, finished, attributes } = query;
  const { errorClass, error, schedule } = query;
  return {
    ...(ids && { ids: [...new Set(ids)] }),
    ...(statuses && { status: [...new Set(statuses)] }),
    ...(types && { type: [...new Set(types)] }),
    ...(queues && { queue: [...new Set(queues)] }),
    ...(created.from && { createdFrom: created.from }),
    ...(created.to && { createdTo: created.to }),
    ...(finished.from && { finishedFrom: finished.from }),
    ...(finished.to && { finishedTo: finished.to }),
    ...(attributes.length > 0 && { attributes: Object.fromEntries(attributes) }),
    ...(errorClass !== null && { errorClass }),
    ...(error !== null && { error }),
    ...(schedule !== null && { schedule }),
  };
}

/** Completed jobs have no error. */
function withError(
  statuses: readonly Status[] | null,
  error: string | null,
): readonly Status[] | null {
  if (error === null) return statuses;
  return (statuses ?? STATUSES).filter((status) => status !== 'completed');
}

function listOf<T>(given: T | readonly T[] | undefined): readonly T[] | null {
  if (given === undefined) return null;
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function refuseUnknownNames(query: JobQuery): void {
  const known: readonly string[] = FILTERS;
  const name = Object.keys(query).find((one) => !known.includes(one));
  if (name === undefined) return;
  const meant = renamedFilter(name) ?? nearest(name, FILTERS);
  const hint = meant === null ? '' : ` Did you mean "${meant}"?`;
  throw new HumdrumError(
    'filter-invalid',
    `Invalid filter: there is no "${name}".${hint} Filters are ${FILTERS.join(', ')}.`,
  );
}

function checkLists(lists: {
  ids: readonly number[] | null;
  status: readonly Status[] | null;
  type: readonly string[] | null;
  queue: readonly string[] | null;
}): void {
  const { ids, status } = lists;
  const unknown = status?.find((one) => !STATUSES.includes(one));
  refuse(unknown === undefined, `there is no status "${unknown}": they are ${STATUSES.join(', ')}`);
  for (const [name, values] of Object.entries(lists)) {
    refuse(
      values === null || (values.length > 0 && values.length <= MOST_VALUES),
      `${name} has 1 to ${MOST_VALUES.toLocaleString('en')} values`,
    );
  }
  refuse(
    ids === null || (Array.isArray(ids) && ids.every(Number.isSafeInteger)),
    'ids is a list of whole numbers',
  );
}

function checkTimes({ created, finished }: CheckedQuery): void {
  for (const [name, { from, to }] of Object.entries({ created, finished })) {
    const valid = [from, to].every(
      (at) => at === null || (at instanceof Date && !Number.isNaN(at.getTime())),
    );
    refuse(valid, `${name}From and ${name}To are valid dates`);
    refuse(!from || !to || from < to, `${name}From is before ${name}To`);
  }
}

function checkTexts({ error, attributes }: CheckedQuery): void {
  refuse(
    error === null || (error.length > 0 && error.length <= LONGEST_ERROR),
    `error has 1 to ${LONGEST_ERROR} characters`,
  );
  refuse(attributes.length <= MOST_ATTRIBUTES, `attributes has at most ${MOST_ATTRIBUTES} paths`);
  for (const [path, value] of attributes) {
    refuse(
      value.length <= LONGEST_VALUE,
      `the attribute ${path} has at most ${LONGEST_VALUE} characters`,
    );
  }
}

function refuse(holds: boolean, otherwise: string): void {
  if (!holds) throw new HumdrumError('filter-invalid', `Invalid filter: ${otherwise}.`);
}
