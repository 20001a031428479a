import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshFolder } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

interface Shown {
  setting: string;
  value: string | null;
  from: string;
}

it('config show tells where each setting comes from, and no secret', async () => {
  const cwd = await projectWith(DOUBLE);
  const secret = Buffer.alloc(32, 7).toString('base64');
  await writeFile(join(cwd, '.env'), `HUMDRUM_SECRET_KEY=${secret}\nLOG_LEVEL=debug\nPORT=4000\n`);
  const env = {
    DATABASE_URL: 'postgres://ada:lovelace@db/shop',
    PORT: '5000',
    HUMDRUM_KEY: 'hush',
  };
  const { code, stdout } = await cli(['config', 'show', '--json'], { cwd, env });
  const shown = new Map((JSON.parse(stdout) as Shown[]).map((one) => [one.setting, one]));
  expect(code).toBe(0);
  const { setting: _, ...database } = shown.get('database') ?? { setting: '' };
  expect(database).toEqual({ value: 'postgres://ada:***@db/shop', from: 'DATABASE_URL' });
  expect(shown.get('secretKey')).toMatchObject({
    value: '***',
    from: 'HUMDRUM_SECRET_KEY in .env',
  });
  expect(shown.get('log level')).toMatchObject({ value: 'debug', from: 'LOG_LEVEL in .env' });
  expect(shown.get('port')).toMatchObject({ value: '5000', from: 'PORT' });
  expect(shown.get('jobs')).toMatchObject({ value: 'shop.double', from: 'file' });
  const away = await cli(['config', 'show', '--json'], {
    cwd: await freshFolder(),
    env: { ...env, LOG_LEVEL: 'debug' },
  });
  expect(JSON.parse(away.stdout)).toContainEqual({
    setting: 'log level',
    value: 'debug',
    from: 'LOG_LEVEL',
  });
  const documented = ['host', 'probes', 'log format', 'log redact', 'alerts', 'access', 'worker'];
  expect([...shown.keys()]).toEqual(expect.arrayContaining(documented));
  expect(shown.get('alerts')).toMatchObject({ value: 'log', from: 'default' });
  const told = (await cli(['config', 'show', '--database', 'here'], { cwd, env })).stdout;
  expect(told).toMatch(/database +here +--database/);
  for (const hidden of ['lovelace', secret, 'hush']) {
    expect(stdout).not.toContain(hidden);
    expect(told).not.toContain(hidden);
  }
});

it('check finds what a start, a tick or an enqueue would trip over, and asks no database', async () => {
  const env = { DATABASE_URL: 'postgres://127.0.0.1:2/none' };
  const check = async (jobs: string) =>
    cli(['check', '--json'], { cwd: await projectWith(jobs), env });
  const faulty = await check(`
    defineJob({ type: 'a.wants', input: z.object({ id: z.number() }), schedule: { cron: '0 6 * * *' }, run: () => null }),
    defineJob({ type: 'a.never', input: z.object({}), schedule: { cron: '0 0 0 1 1 * 2020' }, run: () => null }),
    defineJob({ type: 'a.limited', input: z.object({}), limits: ['openai'], run: () => null }),
    ${DOUBLE},
  `);
  expect(faulty).toMatchObject({ code: 1 });
  const { types } = JSON.parse(faulty.stdout) as { types: { type: string; faults: string[] }[] };
  expect(Object.fromEntries(types.map(({ type, faults }) => [type, faults]))).toMatchObject({
    'a.wants': [expect.stringMatching(/A tick provides no input.*id: /)],
    'a.never': [expect.stringMatching(/never fires/)],
    'a.limited': [expect.stringMatching(/There is no limit "openai"/)],
    'shop.double': [],
  });
  const unset = await cli(['check'], {
    cwd: await projectWith(
      `defineJob({ type: 'a.secret', input: z.object({ card: z.string() }), secrets: ['card'], run: () => null }),
       defineJob({ type: 'a.zone', input: z.object({}), schedule: { cron: '0 0 * * *', timeZone: 'Mars/Phobos' }, run: () => null })`,
    ),
    env: { ...env, LOG_LEVEL: 'loud' },
  });
  expect(unset.code).toBe(1);
  expect(unset.stderr).toMatch(/No key is set for the secrets in the inputs of a\.secret\./);
  expect(unset.stderr).toMatch(/LOG_LEVEL must be one of/);
  expect(unset.stderr).toMatch(/a\.zone: .*Invalid time zone specified: Mars\/Phobos/);
  const never = await check(
    `defineJob({ type: 'a.feb', input: z.object({}), schedule: { cron: '0 0 30 2 *' }, run: () => null })`,
  );
  expect(never).toMatchObject({ code: 2, stdout: '' });
  expect(never.stderr).toMatch(/Job type "a\.feb": .*can never tick: February has no day 30/);
  expect(unset.stderr).not.toMatch(/no problems found/);
  const twice = await check(`${DOUBLE}, ${DOUBLE}`);
  expect(twice).toMatchObject({ code: 2, stdout: '' });
  expect(twice.stderr).toMatch(/Two job types are called "shop\.double"/);
});

it('a channel of its own that is called log gets the alerts too', async () => {
  const channels = new URL('../../dist/effects/channels.js', import.meta.url).href;
  const alerts = new URL('../../dist/health/index.js', import.meta.url).href;
  const source = (more: string) => `
import { logChannel } from '${channels}';
import { defineAlerts } from '${alerts}';
export default { receivers: [logChannel()]${more} };
`;
  const check = async (more: string) => {
    const cwd = await freshFolder();
    await writeFile(join(cwd, 'humdrum.config.mjs'), source(more));
    return cli(['check', '--json'], { cwd });
  };
  const { code, stdout } = await check('');
  expect(code).toBe(0);
  const { types } = JSON.parse(stdout) as { types: { type: string }[] };
  expect(types.filter(({ type }) => type === 'notify.log')).toHaveLength(1);
  const clash = await check(', alerts: defineAlerts({ sinks: [logChannel()] })');
  expect(clash.stderr).toMatch(/are both called "log"\. .*use one channel for both/);
});
