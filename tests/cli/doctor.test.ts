import { join } from 'node:path';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { checkNode } from '../../src/cli/doctor/process.ts';
import { checkStorage } from '../../src/cli/doctor/storage.ts';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

interface Report {
  ok: boolean;
  findings: { check: string; level: string; says: string; fix: string | null }[];
}

async function doctor(
  cwd: string,
  env: Record<string, string>,
): Promise<Report & { code: number | null }> {
  const { code, stdout } = await cli(['doctor', '--json'], { cwd, env });
  return { code, ...(JSON.parse(stdout) as Report) };
}

const levels = ({ findings }: Report): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]));

const SCHEDULED = `defineJob({ type: 'shop.tick', input: z.object({}), schedule: { cron: '* * * * *' }, run: () => null })`;

describe('humdrum doctor', () => {
  it('finds nothing wrong with what is well', async () => {
    const cwd = await projectWith(DOUBLE);
    const report = await doctor(cwd, { DATABASE_URL: await freshUrl() });
    // Whether the server of the tests keeps what it commits is its own affair.
    const problems = report.findings.filter(({ level }) => level === 'problem');
    expect(problems.filter(({ check }) => check !== 'durability')).toEqual([]);
    expect(report).toMatchObject({ ok: problems.length === 0, code: Math.min(problems.length, 1) });
    expect(levels(report)).toMatchObject({
      node: 'ok',
      clock: 'ok',
      migrations: 'ok',
      schema: 'ok',
    });
  });

  it('finds what is wrong, and says how to mend it', async () => {
    const cwd = await projectWith(`${DOUBLE}, ${SCHEDULED}, ${SCHEDULED.replace('tick', 'tock')}`);
    const url = await freshUrl();
    await cli(['enqueue', 'shop.double'], { cwd, env: { DATABASE_URL: url } });
    const db = await openPostgres(url);
    await db.query('alter table humdrum.attempt disable trigger facts_only');
    await db.query(`create index by_hand on humdrum.failed (queue)`);
    await db.query(
      `insert into humdrum.schedule values ('shop.tick', '* * * * *', 'UTC', now() - interval '1 hour')`,
    );
    await db.query(
      `insert into humdrum.schedule values ('shop.tock', '61 * * * *', 'UTC', now() - interval '1 hour')`,
    );
    const { rows } = await db.query<{ id: number }>(
      `insert into humdrum.worker (name, started_at, expires_at) values ('gone:17', now(), now() - interval '1 hour') returning id`,
    );
    await db.query(
      `insert into humdrum.lease values (nextval('humdrum.lease_id'), $1, now(), '{9}', '{1}')`,
      [rows[0]?.id],
    );
    await db.query(`insert into humdrum.breaker values ('chat', 3, now() + interval '1 minute')`);
    const report = await doctor(cwd, { DATABASE_URL: url });
    await db.close();
    expect(report).toMatchObject({ ok: false, code: 1 });
    expect(levels(report)).toMatchObject({
      schema: 'problem',
      workers: 'problem',
      leases: 'problem',
      schedules: 'warning',
      chat: 'warning',
    });
    const said = JSON.stringify(report.findings);
    expect(said).toMatch(/shop\.tock is not fired here: .*61 is out of range: minutes are 0 to 59/);
    expect(said).toMatch(/shop\.tick has been due since/);
    expect(said).not.toMatch(/shop\.tock has been due since/);
    expect(said).toMatch(/trigger facts_only on humdrum\.attempt/);
    expect(said).toMatch(/No worker is running, but 1 job is ready/);
    expect(said).toMatch(/Worker gone:17 has sent no heartbeat/);
    expect(said).toMatch(/shop\.tick has been due since/);
    expect(said).toMatch(/failed 3 times in a row, so its messages wait until/);
    for (const { level, fix } of report.findings) expect(fix === null).toBe(level === 'ok');
  });

  it('warns about a queue with ready jobs that no worker serves', async () => {
    const cwd = await projectWith(
      `${DOUBLE}, defineJob({ type: 'shop.mail', input: z.object({}), queue: 'mail', run: () => null })`,
    );
    const env = { DATABASE_URL: await freshUrl() };
    for (const type of ['shop.double', 'shop.mail', 'shop.mail'])
      await cli(['enqueue', type], { cwd, env });
    const db = await openPostgres(env.DATABASE_URL);
    await db.query(
      `insert into humdrum.worker (name, started_at, expires_at, queues, types)
       values ('here:1', now(), now() + interval '1 hour', '{default}', '{shop.double,shop.mail}')`,
    );
    const { findings } = await doctor(cwd, env);
    expect(findings.filter(({ check }) => check === 'queues')).toEqual([
      expect.objectContaining({
        level: 'warning',
        says: 'The queue "mail" has 2 ready jobs, but no running worker serves it.',
      }),
    ]);
    await db.query(`update humdrum.worker set queues = '{default,mail}'`);
    await db.close();
    expect(levels(await doctor(cwd, env))).toMatchObject({ queues: 'ok' });
  });

  it('tells of tables that are not up to date, of no answer, and of a key that is missing', async () => {
    const cwd = await projectWith(
      `defineJob({ type: 'a.b', input: z.object({ card: z.string() }), secrets: ['card'], run: () => null })`,
    );
    const away = await doctor(cwd, { DATABASE_URL: 'postgres://127.0.0.1:2/none' });
    expect(levels(away)).toMatchObject({ secrets: 'problem', database: 'problem' });
    await rm(join(cwd, 'humdrum.config.mjs'));
    const old = await doctor(cwd, { DATABASE_URL: await freshUrl() });
    expect(old.findings.find(({ check }) => check === 'migrations')).toMatchObject({
      level: 'problem',
      fix: 'humdrum db plan, then: humdrum db migrate',
    });
    const wrong = await doctor(cwd, { HUMDRUM_SECRET_KEY: 'short' });
    const { findings } = await doctor(cwd, { LOG_LEVEL: 'loud' });
    expect(findings.find(({ check }) => check === 'log')).toMatchObject({
      level: 'problem',
      says: expect.stringMatching(/LOG_LEVEL must be one of .*, not "loud"/) as unknown,
    });
    expect(wrong.findings.find(({ check }) => check === 'configuration')).toMatchObject({
      level: 'problem',
      says: expect.stringMatching(/32 bytes in base64/) as unknown,
    });
  });

  it('knows versions of Node, and a storage that takes nothing', async () => {
    expect(checkNode('20.18.0').level).toBe('problem');
    expect(checkNode('23.1.0').level).toBe('warning');
    expect(checkNode('24.0.0').level).toBe('ok');
    const folder = await freshFolder();
    await mkdir(join(folder, 'good'));
    await writeFile(join(folder, 'file'), '');
    const probe = (name: string) =>
      checkStorage({ options: { files: fsStorage(join(folder, name)) } });
    expect((await probe('good')).level).toBe('ok');
    expect((await probe('file')).level).toBe('problem');
  });
});
