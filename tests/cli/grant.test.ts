import { describe, expect, it } from 'vitest';
import { freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { asOwner, freshRole } from '../support/roles.ts';
import { DOUBLE, projectWith } from './project.ts';

interface Finding {
  check: string;
  level: string;
  says: string;
  fix: string | null;
}

async function finding(cwd: string, url: string, check: string): Promise<Finding | undefined> {
  const { stdout } = await cli(['doctor', '--json'], { cwd, env: { DATABASE_URL: url } });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find((one) => one.check === check);
}

describe('a role of the database that owns nothing', { timeout: 120_000 }, () => {
  it('gets the rights of a worker by one command, and doctor misses them before', async () => {
    const cwd = await projectWith(DOUBLE);
    const url = await freshUrl();
    const { role, as } = await freshRole(url);
    expect(await finding(cwd, as, 'migrations')).toMatchObject({
      level: 'problem',
      fix: 'As the role that owns the tables: humdrum db grant ROLE',
    });
    const grant = ['db', 'grant', role];
    const first = await cli(grant, { cwd, env: { DATABASE_URL: url } });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`grant select, insert on table humdrum.job to ${role};\n`);
    expect(await cli(grant, { cwd, env: { DATABASE_URL: url } })).toMatchObject({
      code: 0,
      stdout: `"${role}" has these rights already.\n`,
    });
    const run = await cli(['run', 'shop.double', '--input', '{"number":4}'], {
      cwd,
      env: { DATABASE_URL: as },
    });
    expect(run).toMatchObject({ code: 0 });
    expect(await finding(cwd, as, 'rights')).toMatchObject({ level: 'ok' });
    await asOwner(url, (db) => db.query(`revoke delete on humdrum.ready from ${role}`));
    expect(await finding(cwd, as, 'rights')).toMatchObject({
      level: 'problem',
      says: 'This role lacks rights: delete on table humdrum.ready.',
    });
    const refused = await cli(grant, { cwd, env: { DATABASE_URL: as } });
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(
      /may not give rights on the table humdrum\.ready, which belongs/,
    );
    const unknown = await cli(['db', 'grant', 'nobody-at-all'], { env: { DATABASE_URL: url } });
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    expect(unknown.stderr).toContain('create role "nobody-at-all" login;');
  });

  it('is told by doctor long before the history ends', async () => {
    const cwd = await projectWith(DOUBLE);
    const url = await freshUrl();
    expect(await finding(cwd, url, 'history')).toMatchObject({ level: 'ok' });
    const until = (id: number) =>
      asOwner(url, (db) => db.query(`select setval('humdrum.job_id', $1)`, [id]));
    await until(10_000_000);
    expect(await finding(cwd, url, 'history')).toMatchObject({
      level: 'warning',
      says: expect.stringContaining('9,999,999 ids are left') as string,
      fix: expect.stringContaining('humdrum db grant ROLE') as string,
    });
    await until(19_999_999);
    expect(await finding(cwd, url, 'history')).toMatchObject({ level: 'problem' });
  });
});
