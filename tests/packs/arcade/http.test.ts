import { expect, it } from 'vitest';
import { arcade, defineArcade } from '../../../src/packs/arcade/index.ts';
import { openApi } from '../../support/api.ts';
import { anyBackend } from '../../support/databases.ts';
import { openEngine } from '../../support/engine.ts';

// No schedule: only what these tests trigger runs, whatever the time of day.
const quiet = defineArcade({
  enablePrizePoolJob: false,
  enableLeaderboardJob: false,
  enableCleanupJob: false,
});
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

anyBackend('the source’s HTTP interface over the arcade', (fresh) => {
  it('triggers each job by the name of the source, and by that of its type', async () => {
    const db = await fresh({ packs: [quiet] });
    const { humdrum, events, send } = await openApi(db, { packs: [quiet] });
    const types = {
      prizepool: 'arcade.finalize-prize-pools',
      leaderboard: 'arcade.validate-leaderboards',
      cleanup: 'arcade.clean-up',
      'arcade.clean-up': 'arcade.clean-up',
    };
    for (const name of Object.keys(types)) {
      expect(await send(`/jobs/trigger/${name}`, { method: 'POST' })).toEqual({
        status: 200,
        body: { success: true, message: `Job '${name}' triggered successfully` },
      });
    }
    const jobs = await humdrum.listJobs();
    expect(jobs.map(({ type }) => type).toReversed()).toEqual(Object.values(types));
    await humdrum.start();
    await events.settled(4);
    await humdrum.stop();
    const history = await humdrum.getExecutionHistory();
    expect(history.map(({ success }) => success)).toEqual([true, true, true, true]);
  });

  it('answers status and history in the source’s shapes', async () => {
    const db = await fresh({ packs: [quiet] });
    const { humdrum, events, send } = await openApi(db, { packs: [quiet] });
    await humdrum.start();
    for (const name of ['prizepool', 'leaderboard', 'cleanup']) {
      await send(`/jobs/trigger/${name}`, { method: 'POST' });
    }
    await events.settled(3);
    await humdrum.stop();
    const execution = (name: string): unknown => ({
      name,
      startedAt: expect.stringMatching(ISO) as string,
      completedAt: expect.stringMatching(ISO) as string,
      success: true,
      durationMs: expect.any(Number) as number,
    });
    const status = await send('/jobs/status');
    expect(status).toEqual({
      status: 200,
      body: {
        success: true,
        data: {
          stats: {
            totalExecutions: 3,
            successfulExecutions: 3,
            failedExecutions: 0,
            successRate: 100,
          },
          recentExecutions: expect.any(Array) as unknown[],
        },
      },
    });
    const { recentExecutions } = status.body.data as { recentExecutions: unknown[] };
    expect(recentExecutions).toHaveLength(3);
    for (const { type } of arcade.jobs) expect(recentExecutions).toContainEqual(execution(type));
    const history = await send('/jobs/history?limit=2');
    expect(history).toEqual({
      status: 200,
      body: { success: true, data: { executions: recentExecutions.slice(0, 2), count: 2 } },
    });
    const more = await send('/jobs/history?limit=5000');
    expect(more.body.data).toEqual({ executions: recentExecutions, count: 3 });
  });

  it('tells of a failed execution with its error, and of the success rate in per cent', async () => {
    const db = await fresh({ packs: [quiet] });
    const { humdrum, send } = await openApi(db, { packs: [quiet] });
    await humdrum.run('leaderboard');
    await humdrum.run('leaderboard');
    await db.query('alter table arcade.game_session rename to hidden');
    await humdrum.run('cleanup');
    const { body } = await send('/jobs/status');
    const data = body.data as { stats: unknown; recentExecutions: unknown[] };
    expect(data.stats).toEqual({
      totalExecutions: 3,
      successfulExecutions: 2,
      failedExecutions: 1,
      successRate: 66.67,
    });
    expect(data.recentExecutions[0]).toMatchObject({
      name: 'arcade.clean-up',
      success: false,
      error: expect.stringContaining('arcade.game_session') as string,
    });
    await db.query('alter table arcade.hidden rename to game_session');
  });

  it('says which jobs there are where it does not know one', async () => {
    const db = await fresh({ packs: [quiet] });
    const { send } = await openApi(db, { packs: [quiet] });
    const answer = await send('/jobs/trigger/cleanups', { method: 'POST' });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toMatchObject({ code: 'type-unknown' });
  });
});

anyBackend('the scheduler’s methods of the source', (fresh) => {
  it('are those of the engine: start, stop, triggerJob, getExecutionHistory and getStats', async () => {
    const db = await fresh({ packs: [quiet] });
    const { humdrum: scheduler, events } = await openEngine(db, { packs: [quiet] });
    await scheduler.start();
    await scheduler.triggerJob('cleanup');
    await events.settled(1);
    const history = await scheduler.getExecutionHistory();
    expect(history).toHaveLength(1);
    expect(history[0]).toMatchObject({ name: 'arcade.clean-up', success: true, error: null });
    await scheduler.triggerJob('leaderboard');
    await events.settled(2);
    expect(await scheduler.getExecutionHistory(1)).toMatchObject([
      { name: 'arcade.validate-leaderboards' },
    ]);
    expect(await scheduler.getStats()).toEqual({
      totalExecutions: 2,
      successfulExecutions: 2,
      failedExecutions: 0,
      successRate: 100,
    });
    await scheduler.stop();
    expect(scheduler.worker).toBeNull();
  });
});
