import { expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Database } from '../../src/database/database.ts';
import { eachBackend, freshUrl, type Fresh, type Backend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { onTestFinished } from 'vitest';

/** How many of each name are inside at once, and the most that ever were. */
class Turnstile {
  readonly most = new Map<string, number>();
  readonly #inside = new Map<string, number>();

  async pass(names: readonly string[], stay: () => Promise<unknown>): Promise<void> {
    for (const name of names) this.#count(name, 1);
    await stay();
    for (const name of names) this.#count(name, -1);
  }

  #count(name: string, by: number): void {
    const now = (this.#inside.get(name) ?? 0) + by;
    this.#inside.set(name, now);
    this.most.set(name, Math.max(this.most.get(name) ?? 0, now));
  }
}

/** The databases of three machines; the embedded one can have one only. */
async function machines(fresh: Fresh, backend: Backend): Promise<Database[]> {
  if (backend === 'pglite') return [await fresh()];
  const url = await freshUrl();
  const opened = await Promise.all([1, 2, 3].map(() => openPostgres(url)));
  for (const db of opened) onTestFinished(() => db.close());
  return opened;
}

eachBackend('limits at work', (fresh, backend) => {
  it('are never overrun, whoever runs the jobs, and every job ends', async () => {
    const turnstile = new Turnstile();
    const visits: string[] = [];
    const visit = job(
      'test.visit',
      async (_ctx, { user, nth }) => {
        const names = ['api', 'queue', `user ${String(user)}`];
        const turns = 1 + (Number(nth) % 3);
        await turnstile.pass(names, async () => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        });
        visits.push(`${String(user)}/${String(nth)}`);
      },
      { queue: 'visits' },
    );
    const options = {
      jobs: [visit],
      limits: { api: { concurrency: 4 }, user: { ordered: true } },
      queues: { visits: { concurrency: 6 } },
      worker: { pollMs: 50 },
    };
    const engines = [];
    for (const db of await machines(fresh, backend)) engines.push(await openEngine(db, options));
    const [first] = engines;
    const users = 7;
    const each = 20;
    await first?.humdrum.enqueueMany(
      Array.from({ length: users * each }, (_, at) => ({
        type: visit,
        input: { user: at % users, nth: Math.floor(at / users) },
        limits: ['api', { name: 'user', key: String(at % users) }],
      })),
    );
    await Promise.all(engines.map(({ humdrum }) => humdrum.start()));
    await Promise.race(
      engines.map(({ events }) => events.until(() => visits.length === users * each)),
    );
    await Promise.all(engines.map(({ humdrum }) => humdrum.stop()));
    expect(turnstile.most.get('api')).toBeLessThanOrEqual(4);
    expect(turnstile.most.get('queue')).toBeLessThanOrEqual(6);
    for (let user = 0; user < users; user += 1) {
      expect(turnstile.most.get(`user ${user}`)).toBe(1);
      const mine = visits.filter((one) => one.startsWith(`${user}/`));
      expect(mine).toEqual(Array.from({ length: each }, (_, nth) => `${user}/${nth}`));
    }
    const db = first?.humdrum.database;
    expect((await db?.query('select * from humdrum.slot'))?.rows).toEqual([]);
    expect((await db?.query('select * from humdrum.parked'))?.rows).toEqual([]);
  });
});
