import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Queryable } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli, type Ended } from '../support/process.ts';

describe('humdrum audit verify', () => {
  let cwd: string;
  let env: { DATABASE_URL: string };

  beforeEach(async () => {
    cwd = await freshFolder();
    env = { DATABASE_URL: await freshUrl() };
  });

  const audit = (...args: string[]): Promise<Ended> => cli(['audit', ...args], { cwd, env });

  const within = async (act: (db: Queryable) => Promise<unknown>): Promise<void> => {
    const db = await openPostgres(env.DATABASE_URL);
    await db.transaction(act);
    await db.close();
  };

  const add = (rows: number) => (db: Queryable) =>
    db.query(
      `insert into humdrum.audit (at, event, actor) select now(), 'created', 'user:ada' from generate_series(1, $1::integer)`,
      [rows],
    );

  it('says how much is as it was sealed, here and from an export', async () => {
    await within(add(1_234));
    expect(await audit('verify')).toEqual({
      code: 0,
      stdout: 'Nothing is sealed yet. 1,234 rows to seal.\n',
      stderr: '',
    });
    await within(sealLog);
    await within(add(1));
    const { code, stdout } = await audit('verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Verified: 1,234 rows under 1 seal\. 1 newer row is not sealed yet\.\nNote the newest seal, .*: --expect [0-9a-f]{64}\n$/,
    );
    expect((await audit('export', 'audit.ndjson')).stdout).toBe(
      'Exported the audit log and its seals to audit.ndjson.\n',
    );
    const nowhere = await audit('export', 'no/such/folder.ndjson');
    expect(nowhere).toMatchObject({ code: 2, stdout: '' });
    const offline = await cli(['audit', 'verify', '--file', 'audit.ndjson'], {
      cwd,
      env: { DATABASE_URL: 'postgres://127.0.0.1:1/none' },
    });
    expect(offline).toEqual({ code: 0, stdout, stderr: '' });
    const json = JSON.parse((await audit('verify', '--json')).stdout) as object;
    expect(json).toMatchObject({ fault: null, seals: 1, rows: 1_234, unsealed: 1 });
  });

  it('names what was changed, and fails', async () => {
    await within(add(10));
    await within(sealLog);
    await audit('export', 'audit.ndjson');
    await within(async (db) => {
      await db.query('set local session_replication_role = replica');
      await db.query(`update humdrum.audit set actor = 'user:eve' where id = 7`);
    });
    expect(await audit('verify')).toEqual({
      code: 1,
      stdout: 'Row 7 of the audit log was changed after it was sealed (seal 1).\n',
      stderr: '',
    });
    const json = await audit('verify', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      fault: { kind: 'row-changed', row: 7, seal: 1 },
    });
    expect((await audit('verify', '--file', 'audit.ndjson')).code).toBe(0);
    const file = join(cwd, 'audit.ndjson');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^\[4,.*\n/m, ''));
    expect(await audit('verify', '--file', 'audit.ndjson')).toMatchObject({
      code: 1,
      stdout: 'Row 4 of the audit log was removed after it was sealed (seal 1).\n',
    });
  });

  it('knows a hash that was noted, and misses it', async () => {
    await within(add(10));
    await within(sealLog);
    const hash = /[0-9a-f]{64}/.exec((await audit('verify')).stdout)?.[0] ?? '';
    expect((await audit('verify', '--expect', hash)).code).toBe(0);
    await within(async (db) => {
      await db.query('set local session_replication_role = replica');
      await db.query('delete from humdrum.seal');
    });
    expect((await audit('verify')).code).toBe(0);
    expect(await audit('verify', '--expect', hash)).toMatchObject({
      code: 1,
      stdout: `No seal has the hash ${hash}: the newest seals were removed, or all seals were recreated.\n`,
    });
  });

  it.each([
    [['verify', '--expect', 'beef'], /64 hexadecimal digits/],
    [['verify', '--file', 'nowhere.ndjson'], /Cannot read nowhere\.ndjson: ENOENT/],
    [['verify', '--file', 'package.json'], /Line 1 of the export is not JSON/],
  ])('%j is a mistake of use', async (args, message) => {
    await writeFile(join(cwd, 'package.json'), '{\n}\n');
    const ended = await audit(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/ at .*\.js:\d+/);
  });
});
