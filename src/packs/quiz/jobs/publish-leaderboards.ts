import { z } from 'zod';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import type { JobType } from '../../../engine/job/job-type.ts';
import { type Board, readBoard } from '../board-queries.ts';
import { LEADERBOARD_CACHE } from '../limits.ts';
import type { Cache } from '../options.ts';
import { type Place, placesOnPages } from '../page-queries.ts';
import { type BoardKeys, Draft, editionOf, isPublished, keysOf } from '../redis-board.ts';
import { type RedisClient, withRedis } from '../redis-client.ts';
import { LEADERBOARDS, type LeaderboardType } from '../rules.ts';
import { many } from '../walk.ts';

export interface PublishLeaderboardsResult {
  message: string;
  /** Places copied. */
  affected: number;
  details: { boards: Partial<Record<LeaderboardType, Published>> };
}

/** `superseded`: the board changed meanwhile, and the job that changed it has enqueued another copy. */
interface Published {
  state: 'published' | 'already there' | 'superseded' | 'never made';
  edition: string | null;
  places: number;
}

const PAGES = 160;

/**
 * Copies leaderboards from PostgreSQL to Redis. Fails and is retried while Redis is unreachable, so that alerts report it. Holds
 * no transaction while it waits for Redis: if a board changes meanwhile, its pages become empty and the copy is dropped.
 */
export function publishLeaderboards(cache: Cache): JobType {
  return defineJob({
    type: 'quiz.publish-leaderboards',
    description: 'Copies leaderboards that have changed to Redis.',
    input: z.object({ types: z.array(z.enum(LEADERBOARDS)).default([...LEADERBOARDS]) }).strict(),
    atomic: false,
    limits: [LEADERBOARD_CACHE],
    retry: { attempts: 1_000, backoff: 'exponential', delayMs: 1_000, maxDelayMs: 60_000 },
    health: { everyMs: 65 * 60_000, expectMs: 5 * 60_000 },
    timeoutMs: 15 * 60_000,
    run: (ctx, { types }) => publishAll(ctx, cache, types),
  });
}

async function publishAll(
  ctx: Context,
  { url, keyPrefix }: Cache,
  types: readonly LeaderboardType[],
): Promise<PublishLeaderboardsResult> {
  ctx.log('Copying leaderboards to Redis', { types: [...types] });
  const boards = await withRedis(url, ctx.signal, async (client) => {
    const published: Partial<Record<LeaderboardType, Published>> = {};
    for (const type of types) {
      published[type] = await publish(ctx, client, keysOf(keyPrefix, type), type);
    }
    return published;
  });
  const affected = Object.values(boards).reduce((sum, { places }) => sum + places, 0);
  const message = `Copied ${many(affected, 'place')} to Redis.`;
  ctx.log(message);
  return { message, affected, details: { boards } };
}

async function publish(
  ctx: Context,
  client: RedisClient,
  keys: BoardKeys,
  type: LeaderboardType,
): Promise<Published> {
  const board = await readBoard(ctx.db, type);
  if (!board || board.version === 0) return { state: 'never made', edition: null, places: 0 };
  const edition = editionOf(board);
  if (await isPublished(client, keys, board)) {
    return { state: 'already there', edition, places: 0 };
  }
  const draft = ctx.rehearsal
    ? null
    : new Draft(client, keys, `${ctx.job.id ?? ''}-${ctx.job.attempt}`);
  const places = await copy(ctx, type, board, draft);
  const isSame = (await readBoard(ctx.db, type))?.version === board.version;
  if (!isSame) {
    await draft?.drop();
    return { state: 'superseded', edition, places: 0 };
  }
  await draft?.publish(edition);
  return { state: 'published', edition, places };
}

/** Returns the number of places copied. A rehearsal only reads them. */
async function copy(
  ctx: Context,
  type: LeaderboardType,
  { version }: Board,
  draft: Draft | null,
): Promise<number> {
  const read = (from: number): Promise<Place[]> =>
    placesOnPages(ctx.db, type, version, { from, pages: PAGES });
  let copied = 0;
  let places = await read(0);
  for (let from = PAGES; places.length > 0; from += PAGES) {
    ctx.signal.throwIfAborted();
    copied += places.length;
    // Reads the next pages from PostgreSQL while Redis stores these.
    [places] = await Promise.all([read(from), draft?.add(places)]);
  }
  return copied;
}
