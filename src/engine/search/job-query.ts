import { HumdrumError, nearest } from '../../errors.ts';
import { clamp } from '../base/clamp.ts';
import {
  DATE,
  type Kind,
  type Kinds,
  listOf,
  oneOf,
  oneOrMore,
  requireKind,
  TEXT,
  whole,
} from '../base/kinds.ts';
import { isObject, isPlainObject } from '../base/objects.ts';
import { shown } from '../base/shown.ts';
import { type Status, STATUSES } from '../job/lifecycle.ts';
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

export const LIMIT = whole(1);
const ORDER = oneOf(['newest', 'oldest']);

const ID: Kind = { takes: 'a whole number', holds: Number.isSafeInteger };
const CONTENT: Kind = {
  takes: 'a text without NUL, a finite number, true or false',
  holds: (value) => Number.isFinite(value) || typeof value === 'boolean' || TEXT.holds(value),
};
const ATTRIBUTES: Kind = {
  takes: `an object of paths, each with ${CONTENT.takes}`,
  holds: (value) =>
    isPlainObject(value) &&
    Object.entries(value).every(([path, content]) => TEXT.holds(path) && CONTENT.holds(content)),
};

const FILTERS = {
  ids: listOf(ID),
  status: oneOrMore(oneOf(STATUSES)),
  type: oneOrMore(TEXT),
  queue: oneOrMore(TEXT),
  createdFrom: DATE,
  createdTo: DATE,
  finishedFrom: DATE,
  finishedTo: DATE,
  attributes: ATTRIBUTES,
  errorClass: TEXT,
  error: TEXT,
  schedule: TEXT,
} satisfies Kinds<JobQuery>;
const NAMES = Object.keys(FILTERS) as (keyof JobQuery)[];

/** Names that are too far from the right ones for `nearest` to find them. */
const MEANT: Readonly<Record<string, keyof JobQuery>> = {
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
export function checkPage(options: PageOptions): { list: CheckedList; after: string | undefined } {
  requireObject(options);
  const { after, ...listed } = options;
  requireKind('filter-invalid', 'Invalid filter: after', after, TEXT);
  return { list: checkList(listed), after };
}

/** Errors: `filter-invalid`. */
export function checkList(options: ListOptions): CheckedList {
  requireObject(options);
  const { order = 'newest', limit = 20, ...query } = options;
  requireKind('filter-invalid', 'Invalid filter: order', order, ORDER);
  requireKind('filter-invalid', 'Invalid filter: limit', limit, LIMIT);
  return {
    ...checkQuery(query),
    newest: order === 'newest',
    limit: clamp(limit, 1, MOST_VALUES),
  };
}

/** Errors: `filter-invalid`. */
export function checkQuery(query: JobQuery): CheckedQuery {
  requireObject(query);
  refuseUnknownNames(query);
  for (const name of NAMES) {
    requireKind('filter-invalid', `Invalid filter: ${name}`, query[name], FILTERS[name]);
  }
  const { ids = null, errorClass = null, error = null, schedule = null } = query;
  const statuses = valuesOf(query.status);
  const checked = {
    ids,
    statuses: withError(statuses, errorClass ?? error),
    types: valuesOf(query.type),
    queues: valuesOf(query.queue),
    created: { from: query.createdFrom ?? null, to: query.createdTo ?? null },
    finished: { from: query.finishedFrom ?? null, to: query.finishedTo ?? null },
    attributes: Object.entries(query.attributes ?? {})
      .map(([path, value]): [string, string] => [path, String(value)])
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    errorClass,
    error,
    schedule,
  };
  checkLengths({ ids, status: statuses, type: checked.types, queue: checked.queues });
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

function valuesOf<T>(given: T | readonly T[] | undefined): readonly T[] | null {
  if (given === undefined) return null;
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function requireObject(query: unknown): void {
  refuse(isObject(query), `it is an object of filters, not ${shown(query)}`);
}

function refuseUnknownNames(query: JobQuery): void {
  const name = Object.keys(query).find((one) => !Object.hasOwn(FILTERS, one));
  if (name === undefined) return;
  const meant = renamedFilter(name) ?? nearest(name, NAMES);
  const hint = meant === null ? '' : ` Did you mean "${meant}"?`;
  throw new HumdrumError(
    'filter-invalid',
    `Invalid filter: there is no "${name}".${hint} Filters are ${NAMES.join(', ')}.`,
  );
}

function checkLengths(lists: Readonly<Record<string, readonly unknown[] | null>>): void {
  for (const [name, values] of Object.entries(lists)) {
    refuse(
      values === null || (values.length > 0 && values.length <= MOST_VALUES),
      `${name} has 1 to ${MOST_VALUES.toLocaleString('en')} values`,
    );
  }
}

function checkTimes({ created, finished }: CheckedQuery): void {
  for (const [name, { from, to }] of Object.entries({ created, finished })) {
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
