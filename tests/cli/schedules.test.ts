import { expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { PACKS } from './project.ts';

const DAY = ['--from', '2026-01-01T00:00:00Z', '--to', '2026-01-01T23:59:00Z'];

it('schedules are listed, looked ahead of, rehearsed and backfilled', async () => {
  const options = {
    cwd: await freshFolder(),
    env: { DATABASE_URL: await freshUrl({ packs: PACKS }) },
  };
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(['schedules', ...args], options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const list = await run('list');
  expect(list).toMatch(/^schedule +cron +in words +zone +next \(UTC\)\n/);
  for (const [name, cron, words, next] of [
    ['picks\\.settle-games', '\\*/30 \\* \\* \\* \\*', 'Every 30 minutes', '\\d\\d:[03]0'],
    ['quiz\\.reset-weekly-leaderboard', '0 0 \\* \\* 1', '.*Monday', '00:00'],
    ['arcade\\.clean-up', '0 3 \\* \\* \\*', 'At 03:00', '03:00'],
    ['humdrum\\.seal-audit', '0 \\* \\* \\* \\*', 'Every hour', '\\d\\d:00'],
    ['humdrum\\.check-health', '\\*/5 \\* \\* \\* \\*', 'Every 5 minutes', '\\d\\d:\\d[05]'],
  ]) {
    const at = `20\\d\\d-\\d\\d-\\d\\d ${next}:00$`;
    expect(list).toMatch(new RegExp(`^${name} +${cron} +${words} +UTC +${at}`, 'm'));
  }
  expect(await run('next', 'picks.settle-games', '--count', '2')).toMatch(
    /^(20\d\d-\d\d-\d\d \d\d:[03]0:00 UTC\n){2}$/,
  );
  const backfill = ['backfill', 'picks.settle-games', ...DAY];
  expect(await run(...backfill, '--dry-run')).toMatch(
    /^Dry run of picks\.settle-games: 48 ticks have no job, from 2026-01-01 00:00:00 to 2026-01-01 23:30:00 UTC\. Nothing was written\.\ntick/,
  );
  expect(JSON.parse(await run(...backfill, '--limit', '2', '--json'))).toMatchObject({
    ticks: ['2026-01-01T00:00:00.000Z', '2026-01-01T00:30:00.000Z'],
    plans: [],
  });
  expect(await run(...backfill, '--reason', 'was down')).toBe(
    'Created 46 jobs, from 2026-01-01 01:00:00 to 2026-01-01 23:30:00 UTC.\n',
  );
  expect(await run(...backfill)).toBe('Every tick in this range already has a job.\n');
});

it.each([
  [['next', 'picks.setle'], 3, /Did you mean "picks\.settle-games"/],
  [['backfill', 'picks.settle-games', '--from', '2026-01-01'], 2, /required option '--to/],
  [['backfill', 'picks.settle-games', ...DAY, '--to', '2999-01-01'], 2, /is in the future/],
] as const)('schedules %j', async (args, code, message) => {
  const env = { DATABASE_URL: await freshUrl({ packs: PACKS }) };
  const ended = await cli(['schedules', ...args], { cwd: await freshFolder(), env });
  expect(ended.stderr).toMatch(message);
  expect(ended).toMatchObject({ code, stdout: '' });
});
