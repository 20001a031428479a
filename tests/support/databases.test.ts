import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { anyBackend, freshFolder, freshUrl } from './databases.ts';
import { dump } from './dump.ts';

anyBackend('a fresh database', (fresh, backend) => {
  it('shares nothing with another, though both make the template', async () => {
    const [one, other] = await Promise.all([fresh(), fresh()]);
    await one.query('create table note (body text)');
    await expect(other.query('select from note')).rejects.toThrow('note');
  });

  it('is migrated, and is what it says it is', async () => {
    const db = await fresh();
    expect(db.backend).toBe(backend);
    const { rows } = await db.query<{ set: string }>('select set from humdrum.migration');
    expect(rows.map(({ set }) => set)).toContain('engine');
  });
});

anyBackend('a dump', (fresh) => {
  it('is the same for two databases that are the same', async () => {
    expect(await dump(await fresh())).toBe(await dump(await fresh()));
  });

  it('shows every change', async () => {
    const db = await fresh();
    await db.query('create table note (id int generated always as identity, body text)');
    await db.query(`insert into note (body) values ('a')`);
    const unseen: string[] = [];
    for (const change of CHANGES) {
      const before = await dump(db);
      await db.query(change);
      if ((await dump(db)) === before) unseen.push(change);
    }
    expect(unseen).toEqual([]);
  });
});

const CHANGES = [
  `insert into note (body) values ('b')`,
  `update note set body = 'c' where body = 'b'`,
  'insert into note overriding system value select * from note',
  `delete from note where body = 'c'`,
  `select nextval('note_id_seq')`,
  'alter sequence note_id_seq increment 2',
  'alter table note add column at timestamptz',
  `alter table note alter column body set default 'x'`,
  `alter table note add check (body <> '')`,
  'create index on note (body)',
  'create view noted as select body from note',
  'create or replace view noted as select upper(body) as body from note',
  'create materialized view kept as select body from note',
  'refresh materialized view kept with no data',
  'create schema elsewhere',
  `create type mood as enum ('fine')`,
  `create domain word as text check (value <> '')`,
  'create function one() returns int language sql return 1',
  'create trigger t before update on note execute function suppress_redundant_updates_trigger()',
  'alter table note disable trigger t',
  'alter table note enable row level security',
  'create policy p on note using (true)',
  'create rule r as on delete to note do nothing',
  `comment on table note is 'noted'`,
  `comment on column note.body is 'noted'`,
  'alter table note set (fillfactor = 50)',
  'revoke all on note from current_user',
  'create table part (at int) partition by range (at)',
  'create table part_1 partition of part for values from (1) to (2)',
  'alter table part detach partition part_1',
];

describe('what a test borrows', () => {
  let url = '';
  let folder = '';

  it('is there while the test runs', async () => {
    url = await freshUrl();
    folder = await freshFolder();
    await writeFile(join(folder, 'note'), 'a');
    const db = await openPostgres(url);
    await expect(db.query('select from humdrum.migration')).resolves.toBeTruthy();
    await db.close();
  });

  it('is gone afterwards', async () => {
    await expect(openPostgres(url)).rejects.toThrow('does not exist');
    expect(existsSync(folder)).toBe(false);
  });
});
