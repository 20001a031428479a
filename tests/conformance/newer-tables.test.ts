import { expect, it } from 'vitest';
import { anyBackend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import { plain } from '../support/verbs.ts';

anyBackend('tables that a later version has migrated', (fresh) => {
  it('are told at the start, and a deployment that was rolled back works on', async () => {
    const db = await fresh();
    await db.query(
      `insert into humdrum.migration (set, number, name, checksum) values ('engine', 999, '0999_later.sql', 'x')`,
    );
    const { humdrum, events } = await openEngine(db, { jobs: [plain] });
    expect(events.all).toMatchObject([
      {
        event: 'trouble',
        doing: 'checking the tables',
        error: {
          code: 'schema-newer',
          message: expect.stringContaining('does not know engine/0999_later.sql') as string,
        },
      },
    ]);
    await humdrum.enqueue(plain);
    expect((await humdrum.drain()).completed).toBe(1);
    await db.query('delete from humdrum.migration where number = 999');
    const { events: after } = await openEngine(db, { jobs: [plain] });
    expect(after.all).toEqual([]);
  });
});
