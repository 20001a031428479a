import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import {
  defineQuiz,
  type Fallback,
  type LeaderboardType,
  type PublishLeaderboardsResult,
  type Quiz,
} from '../../../src/packs/quiz/index.ts';
import { testHumdrum, type TestHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { findRedis, startRedis, type RedisServer } from '../../support/redis.ts';
import { addPlayers, after, earn, hours, MONDAY } from './support.ts';

const RECALCULATE = 'quiz.recalculate-leaderboards';
const PUBLISH = 'quiz.publish-leaderboards';
const program = findRedis();

interface World {
  redis: RedisServer;
  pack: Quiz;
  database: Database;
  humdrum: TestHumdrum;
}

/** Five players, two of them with the same points, and a leaderboard each way. */
async function open(database: Database, prefix = 'test:'): Promise<World> {
  const redis = await startRedis(program ?? '');
  const pack = defineQuiz({ redis: redis.url, redisKeyPrefix: prefix });
  const humdrum = await testHumdrum({ database, packs: [pack], now: after(MONDAY, hours(0.5)) });
  onTestFinished(() => humdrum.close());
  for (const [id, xp] of Object.entries({ ada: 30, bob: 50, cleo: 30, dan: 10, edda: 9 })) {
    await addPlayers(database, { id, xp });
    await earn(database, id, xp, MONDAY);
  }
  return { redis, pack, database, humdrum };
}

function reader({ pack, database }: World) {
  const fallbacks: Fallback[] = [];
  const onFallback = (fallback: Fallback): void => void fallbacks.push(fallback);
  const cached = pack.openLeaderboard(database, { onFallback });
  const stored = defineQuiz().openLeaderboard(database);
  onTestFinished(() => cached.close());
  return { cached, stored, fallbacks };
}

async function clientOf({ url }: RedisServer) {
  const client = createClient({ url });
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

const TYPES: LeaderboardType[] = ['global', 'weekly', 'monthly'];

describe.skipIf(program === null)('leaderboards on Redis', () => {
  anyBackend('a copy', (fresh) => {
    it('answers as PostgreSQL does, on every board', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.runTick(RECALCULATE);
      const { cached, stored, fallbacks } = reader(world);
      for (const type of TYPES) {
        expect(await cached.top(type, 3)).toEqual(await stored.top(type, 3));
        for (const id of ['ada', 'bob', 'cleo', 'dan', 'edda', 'nobody']) {
          expect(await cached.placeOf(type, id)).toEqual(await stored.placeOf(type, id));
          expect(await cached.neighboursOf(type, id, 1)).toEqual(
            await stored.neighboursOf(type, id, 1),
          );
        }
      }
      expect(await cached.top('weekly', 2)).toEqual([
        { rank: 1, userId: 'bob', username: 'BOB', score: 50 },
        { rank: 2, userId: 'ada', username: 'ADA', score: 30 },
      ]);
      expect((await cached.neighboursOf('global', 'dan', 1)).map(({ userId }) => userId)).toEqual([
        'cleo',
        'dan',
        'edda',
      ]);
      expect(fallbacks).toEqual([]);
    });

    it('is never served after a recalculation or a reset that it does not have', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.runTick(RECALCULATE);
      const { cached, stored, fallbacks } = reader(world);
      await earn(world.database, 'edda', 100, after(MONDAY, hours(1)));
      await world.humdrum.clock.advance({ minutes: 50 });
      await world.humdrum.performJob(RECALCULATE, {});
      // The job that copies it has been enqueued and has not run.
      expect((await cached.top('weekly', 1))[0]).toMatchObject({ userId: 'edda', score: 109 });
      expect(fallbacks).toEqual([{ type: 'weekly', reason: 'outdated' }]);
      expect(await cached.top('global', 1)).toEqual(await stored.top('global', 1));
      await world.humdrum.drain();
      expect((await cached.top('weekly', 1))[0]).toMatchObject({ userId: 'edda', score: 109 });
      expect(fallbacks).toHaveLength(1);
      await world.humdrum.clock.moveTo('2025-03-31T00:00:00Z');
      await world.humdrum.performJob('quiz.reset-weekly-leaderboard', {});
      expect((await cached.top('weekly', 1))[0]).toMatchObject({ userId: 'ada', score: 0 });
      await world.humdrum.drain();
      expect((await cached.top('weekly', 1))[0]).toMatchObject({ userId: 'ada', score: 0 });
    });

    it('is made once for each edition, and again when Redis has lost it', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.runTick(RECALCULATE);
      const publish = async () =>
        (await world.humdrum.performJob(PUBLISH, {}))
          .result as unknown as PublishLeaderboardsResult;
      expect(await publish()).toMatchObject({ affected: 0 });
      const client = await clientOf(world.redis);
      const names = (await client.keys('*')).toSorted();
      expect(names).toEqual(
        TYPES.flatMap((type) =>
          ['edition', 'players', 'ranks'].map((part) => `test:{${type}}:${part}`),
        ).toSorted(),
      );
      for (const name of names) expect(await client.ttl(name)).toBe(-1);
      await client.del('test:{global}:players');
      expect(await publish()).toMatchObject({
        affected: 5,
        details: { boards: { global: { state: 'published' }, weekly: { state: 'already there' } } },
      });
    });

    it('is neither made nor promised by a rehearsal', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.performJob(RECALCULATE, {});
      const plan = await world.humdrum.rehearse(PUBLISH, {});
      expect(plan).toMatchObject({ error: null, tables: [], result: { affected: 15 } });
      const client = await clientOf(world.redis);
      expect(await client.dbSize()).toBe(0);
      expect((await world.humdrum.performJob(PUBLISH, {})).result).toEqual(plan.result);
      expect(await client.dbSize()).toBe(9);
    });

    it('gives way to PostgreSQL while Redis is down, fails until it is back, and is then made anew', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.runTick(RECALCULATE);
      const { cached, stored, fallbacks } = reader(world);
      await cached.top('global', 1);
      await world.redis.stop();
      await earn(world.database, 'dan', 500, after(MONDAY, hours(1)));
      await world.humdrum.clock.advance({ hours: 1 });
      const { ran } = await world.humdrum.drain({ throwOnFailure: false });
      expect(ran.map(({ type, status }) => `${type} ${status}`)).toContain(
        `${RECALCULATE} completed`,
      );
      const failed = ran.filter(({ type }) => type === PUBLISH);
      expect(failed).toMatchObject([
        {
          status: 'failed',
          error: { message: expect.stringContaining('Cannot reach Redis at 127.0.0.1') as string },
        },
      ]);
      expect((await cached.top('weekly', 1))[0]).toMatchObject({ userId: 'dan', score: 510 });
      expect(fallbacks).toContainEqual({ type: 'weekly', reason: 'unreachable' });
      await world.redis.start();
      await world.humdrum.clock.advance({ minutes: 2 });
      await world.humdrum.drain();
      // A reader of its own, so that nobody has to wait for the other one to find Redis again.
      const late = reader(world);
      expect(await late.cached.top('weekly', 5)).toEqual(await stored.top('weekly', 5));
      expect(late.fallbacks).toEqual([]);
    });

    it('does not keep a reader waiting when Redis hangs', async () => {
      const world = await open(await fresh({ packs: [defineQuiz()] }));
      await world.humdrum.runTick(RECALCULATE);
      const { cached, stored, fallbacks } = reader(world);
      expect(await cached.top('global', 2)).toEqual(await stored.top('global', 2));
      world.redis.freeze();
      onTestFinished(() => world.redis.thaw());
      expect(await cached.top('global', 2)).toEqual(await stored.top('global', 2));
      expect(await cached.placeOf('global', 'ada')).toEqual(await stored.placeOf('global', 'ada'));
      expect(fallbacks).toEqual([
        { type: 'global', reason: 'unreachable' },
        { type: 'global', reason: 'unreachable' },
      ]);
      const late = reader(world);
      expect(await late.cached.top('global', 2)).toEqual(await stored.top('global', 2));
      world.redis.thaw();
    });
  });
});
