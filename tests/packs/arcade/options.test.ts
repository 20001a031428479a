import { describe, expect, it } from 'vitest';
import { createHumdrum, type JobType } from '../../../src/index.ts';
import { arcade, defineArcade, type ArcadeOptions } from '../../../src/packs/arcade/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { play, pools } from './support.ts';

const rulesOf = (jobs: readonly JobType[]): unknown[] =>
  jobs.map(({ type, aliases, schedule, health }) => [
    type,
    aliases,
    schedule && `${schedule.cron} ${schedule.timeZone}`,
    health.everyMs ?? null,
  ]);

describe('defineArcade', () => {
  it('has the schedules, health windows and aliases of the source by default', () => {
    expect(rulesOf(arcade.jobs)).toEqual([
      ['arcade.finalize-prize-pools', ['prizepool'], '0 0 * * * UTC', 93_600_000],
      ['arcade.validate-leaderboards', ['leaderboard'], '0 * * * * UTC', 3_900_000],
      ['arcade.clean-up', ['cleanup'], '0 3 * * * UTC', 93_600_000],
    ]);
    expect(rulesOf(defineArcade({}).jobs)).toEqual(rulesOf(arcade.jobs));
  });

  it('leaves a job that is not enabled without a schedule, and without a window to be late in', () => {
    const { jobs } = defineArcade({
      enablePrizePoolJob: false,
      enableCleanupJob: false,
      timezone: 'Asia/Tokyo',
    });
    expect(rulesOf(jobs)).toEqual([
      ['arcade.finalize-prize-pools', ['prizepool'], null, null],
      ['arcade.validate-leaderboards', ['leaderboard'], '0 * * * * Asia/Tokyo', 3_900_000],
      ['arcade.clean-up', ['cleanup'], null, null],
    ]);
  });

  it.each<[string, unknown]>([
    ['timezone: must be a known time zone', { timezone: 'Mars/Olympus' }],
    ['timezone: must be a time zone', { timezone: 7 }],
    ['sessionExpiryMinutes: must be a whole number from 1 to 525600', { sessionExpiryMinutes: 0 }],
    [
      'sessionExpiryMinutes: must be a whole number from 1 to 525600',
      { sessionExpiryMinutes: 1.5 },
    ],
    [
      'sessionExpiryMinutes: must be a whole number from 1 to 525600',
      { sessionExpiryMinutes: '30' },
    ],
    ['leaderboardArchiveAgeDays: must be a whole number', { leaderboardArchiveAgeDays: -1 }],
    ['archiveLeaderboards: must be true or false', { archiveLeaderboards: 'yes' }],
    ['enableCleanupJob: must be true or false', { enableCleanupJob: null }],
    [
      'enableCleanUpJob: unknown option. Known options: enablePrizePoolJob,',
      { enableCleanUpJob: true },
    ],
  ])('refuses what it cannot take: %s', (message, options) => {
    const define = (): unknown => defineArcade(options as ArcadeOptions);
    expect(define).toThrow(expect.objectContaining({ code: 'config-invalid' }) as Error);
    expect(define).toThrow(message);
  });
});

anyBackend('a time zone', (fresh) => {
  it.each([
    // Midnight of Tuesday there, in UTC, and the last day that has ended by then in UTC.
    ['America/New_York', '2026-01-27T05:00:00Z', '2026-01-26'],
    ['Pacific/Kiritimati', '2026-01-26T10:00:00Z', '2026-01-25'],
  ])('moves the tick, not the day: %s', async (timezone, tick, lastDay) => {
    const pack = defineArcade({ timezone });
    const database = await fresh({ packs: [pack] });
    const humdrum = await testHumdrum({ database, packs: [pack], now: '2026-01-26T09:30:00Z' });
    for (const day of ['24', '25', '26', '27']) await play(database, `2026-01-${day}T01:00:00Z`);
    const run = await humdrum.runTick('arcade.finalize-prize-pools');
    expect(run.tick).toEqual(new Date(tick));
    const closed = (await pools(database)).filter(
      ({ period, status }) => period === 'daily' && status === 'finalized',
    );
    // What was left from before has ended too, and nothing after.
    expect(closed.at(-1)?.date).toBe(lastDay);
    expect(closed[0]?.date).toBe('2026-01-24');
    await humdrum.close();
  });

  it('fires each job by its own schedule', async () => {
    const database = await fresh({ packs: [arcade] });
    const humdrum = await testHumdrum({ database, packs: [arcade], now: '2026-01-25T23:30:00Z' });
    const ticks = [
      (await humdrum.runTick('arcade.finalize-prize-pools')).tick,
      (await humdrum.runTick('arcade.validate-leaderboards')).tick,
      (await humdrum.runTick('arcade.clean-up')).tick,
    ];
    expect(ticks.map((tick) => tick.toISOString())).toEqual([
      '2026-01-26T00:00:00.000Z',
      '2026-01-26T01:00:00.000Z',
      '2026-01-26T03:00:00.000Z',
    ]);
    await humdrum.close();
  });

  it('does nothing by itself where no job is enabled, and still what it is told', async () => {
    const pack = defineArcade({
      enablePrizePoolJob: false,
      enableLeaderboardJob: false,
      enableCleanupJob: false,
    });
    const database = await fresh({ packs: [pack] });
    const humdrum = await testHumdrum({ database, packs: [pack], now: '2026-01-25T23:30:00Z' });
    // In another process they were enabled.
    await (await createHumdrum({ database, packs: [arcade] })).register();
    await humdrum.clock.advance({ days: 2 });
    expect((await humdrum.drain()).ran).toEqual([]);
    await humdrum.triggerJob('cleanup');
    expect((await humdrum.drain()).ran).toMatchObject([
      { type: 'arcade.clean-up', status: 'completed' },
    ]);
    expect(await humdrum.getExecutionHistory()).toMatchObject([
      { name: 'arcade.clean-up', success: true },
    ]);
    await humdrum.close();
  });
});
