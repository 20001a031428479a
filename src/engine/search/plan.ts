import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { BLOCK } from '../statistics/sql.ts';
import { createdIds, type IdRange } from '../statistics/statistics.ts';
import { attributesAt } from './attributes.ts';
import type { Range, Wanted } from './job-query.ts';
import { type Param, PLACES, type Shape, type Source } from './sql.ts';

/** How many jobs, and blocks of jobs, one look goes through. */
export interface Step {
  seen: number;
  blocks: number;
}

/** How a page finds its jobs. */
export interface Search {
  /** What all its looks are given. */
  params: Record<
    Exclude<Param, 'low' | 'high' | 'most_seen' | 'most_shown' | 'most_blocks'>,
    unknown
  >;
  ids: IdRange;
  /** One look after the other, until the page is full. */
  steps: readonly (Step & { shape: Shape })[];
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
export async function planSearch(db: Queryable, wanted: Wanted): Promise<Search> {
  const { newest, statuses, errorClass, error, finished } = wanted;
  const known = await knownBy(db, wanted);
  const ids = await idsOf(db, wanted);
  const { source, few } = await sourceOf(db, wanted);
  const terms = await termsOf(db, wanted, known);
  const inBlocks = !few && terms.terms !== null;
  const shaped = (from: Source): Search['steps'] =>
    stepsOf(from, inBlocks).map((step) => ({ ...step, shape: { source: from, inBlocks, newest } }));
  // A long queue is scanned, since it has no index by ids: once. But mostly the newest jobs are the last in it.
  const longQueue = source === 'open' && !few && (statuses?.includes('queued') ?? false);
  const atTheEnd = longQueue && newest;
  const completed = statuses?.includes('completed');
  const ended = finished.from !== null || finished.to !== null;
  const steps = [
    ...(atTheEnd ? shaped('all').slice(0, 2) : []),
    ...(longQueue ? shaped(source).slice(1, 2) : shaped(source)),
  ];
  return {
    ids: ids ?? { low: 1, high: 0 },
    steps: ids === null ? [] : steps,
    params: {
      ...terms,
      ids: wanted.ids,
      statuses,
      types: known?.types ?? wanted.types,
      queues: wanted.queues,
      created_from: wanted.created.from?.toISOString() ?? null,
      created_to: wanted.created.to?.toISOString() ?? null,
      finished_from: finished.from?.toISOString() ?? null,
      finished_to: finished.to?.toISOString() ?? null,
      ...contentsOf(wanted),
      error_class: errorClass,
      error,
      schedule: wanted.schedule,
      probe:
        (errorClass ?? error) !== null ||
        ended ||
        (statuses !== null && (source !== 'open' || atTheEnd)),
      last_completed:
        completed === undefined || (completed && statuses?.length !== 1) ? null : completed,
    },
  };
}

const contentsOf = ({ attributes: [first, second, third] }: Wanted) => ({
  path_1: first?.[0].split('.') ?? null,
  content_1: first?.[1] ?? null,
  path_2: second?.[0].split('.') ?? null,
  content_2: second?.[1] ?? null,
  path_3: third?.[0].split('.') ?? null,
  content_3: third?.[1] ?? null,
});

interface Known {
  /** The types that declare all the attributes that are asked for. */
  types: readonly string[];
  /** From which job on they are all known by them. */
  fromId: number;
}

/** Null: none is asked for. Errors: `attribute-unknown`. */
async function knownBy(db: Queryable, { attributes, types }: Wanted): Promise<Known | null> {
  if (attributes.length === 0) return null;
  const paths = attributes.map(([path]) => path);
  const declared = await attributesAt(db, paths);
  const meant = declared.filter(({ type }) => types === null || types.includes(type));
  const all = [...new Set(meant.map(({ type }) => type))].filter((type) =>
    paths.every((path) => meant.some((one) => one.type === type && one.path === path)),
  );
  if (all.length > 0) {
    const from = meant.filter(({ type }) => all.includes(type)).map(({ fromId }) => fromId);
    return { types: all, fromId: Math.max(...from) };
  }
  throw new HumdrumError(
    'attribute-unknown',
    `No job type${types ? ` of ${types.join(', ')}` : ''} has declared ${paths.join(' and ')} among its \`attributes\`: jobs can be listed only by what is declared.`,
  );
}

/** Null: there can be none. */
async function idsOf(
  db: Queryable,
  { created, finished, statuses }: Wanted,
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
  { ids, statuses, finished }: Wanted,
): Promise<{ source: Source; few: boolean }> {
  if (ids || statuses?.length === 0) return { source: 'given', few: true };
  if (
    (finished.from ?? finished.to) &&
    (await isFew(db, FEW_ENDED, [ENDED], [finished.from, finished.to]))
  ) {
    return { source: 'ended', few: true };
  }
  if (!statuses || statuses.includes('completed')) return { source: 'all', few: false };
  const places = PLACES.filter(({ status }) => statuses.includes(status));
  const few = await isFew(
    db,
    FEW_OPEN,
    places.map(({ table }) => `select from ${table}`),
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

type Terms = Pick<Search['params'], 'terms' | 'also' | 'and_also' | 'type_terms' | 'indexed_from'>;

/** By which a block is found to have what is wanted, the rarest first. More than three are not worth a look each. */
async function termsOf(db: Queryable, wanted: Wanted, known: Known | null): Promise<Terms> {
  const { schedule, errorClass, types, queues, attributes, finished } = wanted;
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
    type_terms: known && known.types.map((type) => `type:${type}`),
    indexed_from: known ? Math.ceil(Math.min(known.fromId, ALL.high) / BLOCK) : 0,
  };
}

/** Of more days than these it does not help to know. */
const MOST_DAYS = 100;

/** The days (UTC) of a range, as 2026-01-31. Null: too many, or no end. */
function daysOf({ from, to }: Range): string[] | null {
  if (!from || !to) return null;
  const first = Math.floor(from.getTime() / DAY_MS);
  const days = Math.ceil(to.getTime() / DAY_MS) - first;
  if (days > MOST_DAYS) return null;
  return Array.from({ length: days }, (_, at) =>
    new Date((first + at) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** So many blocks of each are counted at most. */
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
