import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import type { FileStorage, Humdrum } from '../../src/index.ts';
import { eachBackend, freshFolder } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { eachStorage, keysIn, sha256Of, store } from '../support/storages.ts';
import { addWorker, claim, plain } from '../support/verbs.ts';

const HOUR_MS = 3_600_000;

function hoursFromNow(hours: number): string {
  return new Date(Date.now() + hours * HOUR_MS).toISOString();
}

async function collect(humdrum: Humdrum): Promise<unknown> {
  const { outcome } = await humdrum.run('humdrum.collect-files');
  return 'result' in outcome.ended ? outcome.ended.result : outcome.ended.error;
}

const put = job('test.put', async (ctx, { word, fail }) => {
  await ctx.files.put('word', String(word));
  if (fail === true) throw new Error('after storing');
});

eachBackend('the collection of files', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
  });

  eachStorage('kept', (freshStorage) => {
    it('removes what no completed job names, after a day and not before', async () => {
      const files = await freshStorage();
      const { humdrum } = await openEngine(db, { jobs: [put], files });
      await humdrum.run(put, { word: 'kept' });
      await humdrum.run(put, { word: 'an orphan', fail: true });
      const both = [sha256Of('kept'), sha256Of('an orphan')].toSorted();
      const setClock = await stopClockAt(db, hoursFromNow(23));
      expect(await collect(humdrum)).toEqual({ looked: 2, removed: 0, bytes: 0 });
      expect(await keysIn(files)).toEqual(both);
      await setClock(hoursFromNow(25));
      const plan = await humdrum.rehearse('humdrum.collect-files');
      expect(plan.result).toEqual({ looked: 2, removed: 1, bytes: 9 });
      expect(await keysIn(files)).toEqual(both);
      expect(await collect(humdrum)).toEqual({ looked: 2, removed: 1, bytes: 9 });
      expect(await keysIn(files)).toEqual([sha256Of('kept')]);
    });
  });

  it('counts the day from the oldest attempt that still runs', async () => {
    const files = fsStorage(await freshFolder());
    const { humdrum } = await openEngine(db, { jobs: [plain], files });
    const worker = await addWorker(db);
    await humdrum.enqueue(plain, {});
    const [running] = await claim(db, worker);
    await store(files, 'put by what still runs');
    await stopClockAt(db, hoursFromNow(48));
    expect(await collect(humdrum)).toEqual({ looked: 1, removed: 0, bytes: 0 });
    await db.query('delete from humdrum.lease where id = $1', [running?.leaseId]);
    expect(await collect(humdrum)).toEqual({ looked: 1, removed: 1, bytes: 22 });
  });

  it('works through many, a page at a time', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => ({
      key: sha256Of(`file ${at}`),
      bytes: 1,
      storedAt: new Date(0),
    }));
    const removed: string[] = [];
    const files: FileStorage = {
      ...fsStorage(await freshFolder()),
      async *list() {
        yield* many;
      },
      storedAt: async () => new Date(0),
      remove: async (key) => void removed.push(key),
    };
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    await humdrum.run(put, { word: 'file 1700' });
    expect(await collect(humdrum)).toEqual({ looked: 2_500, removed: 2_499, bytes: 2_499 });
    const kept = many.filter(({ key }) => !removed.includes(key)).map(({ key }) => key);
    expect(kept).toEqual([sha256Of('file 1700')]);
  });
});

eachBackend('an old orphan that is put again', (fresh, backend) => {
  const key = sha256Of('an orphan');
  let db: Database;
  let folder = '';

  beforeEach(async () => {
    db = await fresh();
    folder = await freshFolder();
    await store(fsStorage(folder), 'an orphan');
    await makeOld();
  });

  async function makeOld(): Promise<void> {
    const then = (Date.now() - 30 * HOUR_MS) / 1_000;
    await utimes(join(folder, key.slice(0, 2), key.slice(2, 4), key), then, then);
  }

  /** Until somebody waits for a lock of the collector's, or has not waited. */
  async function someoneWaits(over: () => boolean): Promise<void> {
    const waiting = `select from pg_locks join pg_database on pg_database.oid = database
      where datname = current_database() and locktype = 'advisory' and not granted`;
    while (!over() && (await db.query(waiting)).rows.length === 0);
  }

  it('is young again, so that it lives until its job has completed', async () => {
    const files = fsStorage(folder);
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    await humdrum.run(put, { word: 'an orphan', fail: true });
    expect(await collect(humdrum)).toMatchObject({ removed: 0 });
    await makeOld();
    expect(await collect(humdrum)).toMatchObject({ removed: 1 });
  });

  it('is left alone by a collector that had seen it old', async () => {
    const inner = fsStorage(folder);
    const seen = signal();
    const again = signal();
    const files: FileStorage = {
      ...inner,
      async *list() {
        yield* inner.list();
        seen.give();
        await again.given;
      },
    };
    const { humdrum } = await openEngine(db, { jobs: [put], files });
    const collecting = collect(humdrum);
    await seen.given;
    await humdrum.run(put, { word: 'an orphan', fail: true });
    again.give();
    expect(await collecting).toEqual({ looked: 1, removed: 0, bytes: 0 });
    expect(await keysIn(inner)).toEqual([key]);
  });

  it('is there when its job completes, though a collector was just removing it', async () => {
    const inner = fsStorage(folder);
    const [removing, old, stored] = [signal(), signal(), signal()];
    const files: FileStorage = {
      ...inner,
      async put(...given) {
        await inner.put(...given);
        stored.give();
      },
      async remove(which) {
        removing.give();
        // The one connection of an embedded database is the collector's now: there, nobody comes further than this.
        await (backend === 'pglite' ? old.given : stored.given);
        if (backend === 'postgres') await someoneWaits(() => events.count('job-settled') > 0);
        await inner.remove(which);
      },
    };
    const slow = job('test.slow', async (ctx) => {
      await removing.given;
      const putting = ctx.files.put('word', 'an orphan');
      old.give();
      await putting;
    });
    const { humdrum, events } = await openEngine(db, { jobs: [slow], files });
    const { id } = await humdrum.enqueue(slow);
    await humdrum.start();
    expect(await collect(humdrum)).toMatchObject({ removed: 1 });
    await events.settled(1);
    expect((await humdrum.showJob(id)).effects).toMatchObject([{ data: { sha256: key } }]);
    expect(await keysIn(inner)).toEqual([key]);
  });
});

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}
