import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { BLOCK } from '../statistics/sql.ts';
import { createdIds, type IdRange } from '../statistics/statistics.ts';
import { attributesAt } from './attributes.ts';
import { type QueryParams, STATUS_TABLES } from './conditions.ts';
import type { CheckedList, CheckedQuery, TimeRange } from './job-query.ts';
import type { Shape, Source } from './sql.ts';

/** How many jobs, and blocks of jobs, one look goes through. */
export interface Step {
  seen: number;
  blocks: number;
}

/** How a page finds its jobs. */
export interface Search {
  /** Of all its looks. */
  params: QueryParams;
  ids: IdRange;
  /** One look after the other, until the page is full. */
  steps: readonly (Step & { shape: Shape })[];
}

/** The ids and the conditions of the jobs that match. Null: none can match. */
export interface Conditions {
  ids: IdRange | null;
  params: QueryParams;
  declared: Declared | null;
}

const ALL: IdRange = { low: 0, high: Number.MAX_SAFE_INTEGER };
/** Where so few attempts ended in a time, or so few jobs are open, they are where the search begins. */
const FEW_ENDED = 5_000;
const FEW_OPEN = 20_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const whole = (...seen: number[]): Step[] => seen.map((most) => ({ seen: most, blocks: 0 }));
const STEPS: Record<Source, readonly Step[]> = {
  all: whole(500, 3_000, 15_000),
  open: whole(500, FEW_OPEN + 1),
  ended: whole(FEW_ENDED + 1),
  given: whole(1_000),
};
const BLOCK_STEPS: readonly Step[] = [5, 20, 45].map((blocks) => ({
  seen: blocks * BLOCK + 1,
  blocks,
}));
/** Of the open jobs a block holds few. */
const OPEN_BLOCK_STEPS: readonly Step[] = [50, 500, 2_000].map((blocks) => ({
  seen: 10_000,
  blocks,
}));

function stepsOf(source: Source, inBlocks: boolean): readonly Step[] {
  if (!inBlocks) return STEPS[source];
  return source === 'open' ? OPEN_BLOCK_STEPS : BLOCK_STEPS;
}

/** Errors: `attribute-unknown`. */
export async function planSearch(db: Queryable, list: CheckedList): Promise<Search> {
  const { newest, statuses } = list;
  const { ids, params, declared } = await conditionsOf(db, list);
  const { source, few } = await sourceOf(db, list);
  const terms = await termsOf(db, list, declared);
  const inBlocks = !few && terms.terms !== null;
  const shaped = (from: Source): Search['steps'] =>
    stepsOf(from, inBlocks).map((step) => ({ ...step, shape: { source: from, inBlocks, newest } }));
  // A long queue is scanned, since it has no index by ids: once. But mostly the newest jobs are the last in it.
  const longQueue = source === 'open' && !few && (statuses?.includes('queued') ?? false);
  const atTheEnd = longQueue && newest;
  const completed = statuses?.includes('completed');
  const steps = [
    ...(atTheEnd ? shaped('all').slice(0, 2) : []),
    ...(longQueue ? shaped(source).slice(1, 2) : shaped(source)),
  ];
  return {
    ids: ids ?? { low: 1, high: 0 },
    steps: ids === null ? [] : steps,
    params: {
      ...params,
      ...terms,
      probe: params.probe === true || (statuses !== null && (source !== 'open' || atTheEnd)),
      last_completed:
        completed === undefined || (completed && statuses?.length !== 1) ? null : completed,
    },
  };
}

/** What all statements about a query are given, lists and bulk acts alike. Errors: `attribute-unknown`. */
export async function conditionsOf(db: Queryable, query: CheckedQuery): Promise<Conditions> {
  const { created, finished, errorClass, error } = query;
  const declared = await declaredBy(db, query);
  return {
    ids: await idsOf(db, query),
    declared,
    params: {
      ids: query.ids,
      statuses: query.statuses,
      types: declared?.types ?? query.types,
      queues: query.queues,
      created_from: created.from?.toISOString() ?? null,
      created_to: created.to?.toISOString() ?? null,
      finished_from: finished.from?.toISOString() ?? null,
      finished_to: finished.to?.toISOString() ?? null,
      ...contentsOf(query),
      error_class: errorClass,
      error,
      schedule: query.schedule,
      probe: (errorClass ?? error ?? finished.from ?? finished.to) !== null,
      last_completed: null,
      ...NO_TERMS,
    },
  };
}

const contentsOf = ({ attributes: [first, second, third] }: CheckedQuery) => ({
  path_1: first?.[0].split('.') ?? null,
  content_1: first?.[1] ?? null,
  path_2: second?.[0].split('.') ?? null,
  content_2: second?.[1] ?? null,
  path_3: third?.[0].split('.') ?? null,
  content_3: third?.[1] ?? null,
});

interface Declared {
  /** The types that declare all the attributes of the query. */
  types: readonly string[];
  /** Jobs with lower ids are not indexed by all of them. */
  fromId: number;
}

/** Null: the query has no attributes. Errors: `attribute-unknown`. */
async function declaredBy(
  db: Queryable,
  { attributes, types }: CheckedQuery,
): Promise<Declared | null> {
  if (attributes.length === 0) return null;
  const paths = attributes.map(([path]) => path);
  const meant = (await attributesAt(db, paths)).filter(
    ({ type }) => types === null || types.includes(type),
  );
  const all = [...new Set(meant.map(({ type }) => type))].filter((type) =>
    paths.every((path) => meant.some((one) => one.type === type && one.path === path)),
  );
  if (all.length > 0) {
    const from = meant.filter(({ type }) => all.includes(type)).map(({ fromId }) => fromId);
    return { types: all, fromId: Math.max(...from) };
  }
  throw new HumdrumError(
    'attribute-unknown',
    `Cannot filter by ${paths.map((path) => `\`${path}\``).join(' and ')}. Add \`attributes: [${paths.map((path) => `'${path}'`).join(', ')}]\` to the job type${types ? ` ${types.join(' or ')}` : ''}.`,
  );
}

/** Null: no job can match. */
async function idsOf(
  db: Queryable,
  { created, finished, statuses }: CheckedQuery,
): Promise<IdRange | null> {
  if (statuses?.length === 0) return null;
  let ids: IdRange | null = ALL;
  if (created.from || created.to) ids = await createdIds(db, created.from, created.to);
  if (ids && finished.to) {
    // A clock may have been set back by less than a minute: then a job can end before it was created.
    const before = await createdIds(db, null, new Date(finished.to.getTime() + MINUTE_MS));
    ids = before && { low: ids.low, high: Math.min(ids.high, before.high) };
  }
  return ids;
}

/** `few`: all that the source has may be looked through. */
async function sourceOf(
  db: Queryable,
  { ids, statuses, finished }: CheckedQuery,
): Promise<{ source: Source; few: boolean }> {
  if (ids || statuses?.length === 0) return { source: 'given', few: true };
  if (
    (finished.from ?? finished.to) &&
    (await isFew(db, FEW_ENDED, [ENDED], [finished.from, finished.to]))
  ) {
    return { source: 'ended', few: true };
  }
  if (!statuses || statuses.includes('completed')) return { source: 'all', few: false };
  const tables = STATUS_TABLES.filter(({ status }) => statuses.includes(status));
  const few = await isFew(
    db,
    FEW_OPEN,
    tables.map(({ table }) => `select from ${table}`),
  );
  return { source: 'open', few };
}

const ENDED = `select from humdrum.attempt
  where ($1::timestamptz is null or finished_at >= $1) and ($2::timestamptz is null or finished_at < $2)`;

async function isFew(
  db: Queryable,
  most: number,
  counted: readonly string[],
  [from, to]: readonly (Date | null)[] = [],
): Promise<boolean> {
  const each = counted.map((rows) => `(${rows} limit ${most + 1})`);
  const params = from === undefined ? [] : [from?.toISOString() ?? null, to?.toISOString() ?? null];
  const { rows } = await db.query<{ count: number }>(
    `select count(*) from (${each.join(' union all ')}) as counted`,
    params,
  );
  return (rows[0]?.count ?? 0) <= most;
}

type Terms = Pick<QueryParams, 'terms' | 'also' | 'and_also' | 'type_terms' | 'indexed_from'>;

const NO_TERMS: Terms = {
  terms: null,
  also: null,
  and_also: null,
  type_terms: null,
  indexed_from: 0,
};

/** The terms by which blocks with matching jobs are found, the rarest first. A fourth is not worth its look-ups. */
async function termsOf(
  db: Queryable,
  query: CheckedQuery,
  declared: Declared | null,
): Promise<Terms> {
  const { schedule, errorClass, types, queues, attributes, finished } = query;
  const groups = [
    ...attributes.map(([path, content]) => [`input:${path}=${content}`]),
    schedule === null ? null : [`schedule:${schedule}`],
    errorClass === null ? null : [`error:${errorClass}`],
    daysOf(finished)?.map((day) => `ended:${day}`) ?? null,
    types && types.map((type) => `type:${type}`),
    queues && queues.map((queue) => `queue:${queue}`),
  ].filter((group) => group !== null);
  const [terms = null, also = null, andAlso = null] = await rarestFirst(db, groups);
  return {
    terms,
    also,
    and_also: andAlso,
    type_terms: declared && declared.types.map((type) => `type:${type}`),
    indexed_from: declared ? Math.ceil(Math.min(declared.fromId, ALL.high) / BLOCK) : 0,
  };
}

/** More days than these do not narrow a search. */
const MOST_DAYS = 100;

/** The days (UTC) of a range, as 2026-01-31. Null: too many, or no end. */
function daysOf({ from, to }: TimeRange): string[] | null {
  if (!from || !to) return null;
  const first = Math.floor(from.getTime() / DAY_MS);
  const days = Math.ceil(to.getTime() / DAY_MS) - first;
  if (days > MOST_DAYS) return null;
  return Array.from({ length: days }, (_, at) =>
    new Date((first + at) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** At most this many blocks are counted for each term. */
const MANY_BLOCKS = 2_000;

async function rarestFirst(db: Queryable, groups: readonly string[][]): Promise<string[][]> {
  if (groups.length < 2) return [...groups];
  const sizes = await Promise.all(
    groups.map(async (terms) => {
      const { rows } = await db.query<{ count: number }>(
        `select count(*) from (select from humdrum.job_block where term = any ($1) limit ${MANY_BLOCKS}) as counted`,
        [terms],
      );
      return { terms, count: rows[0]?.count ?? 0 };
    }),
  );
  return sizes.toSorted((a, b) => a.count - b.count).map(({ terms }) => terms);
}
