import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { claimAlone, claimOne } from '../../src/engine/transitions/claim.ts';
import { hold, unhold } from '../../src/engine/transitions/hold.ts';
import { probes } from '../../src/http/probes.ts';
import { defineChannel } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, fireTicks, plain } from '../support/verbs.ts';

const BY = { actor: 'cli:ada', reason: 'a restored copy' };
const note = job('test.note', () => null);
const tick = job('test.tick', () => null, { schedule: { cron: '* * * * *', misfire: 'each' } });

eachBackend('a database that is held', (fresh) => {
  let db: Database;
  beforeEach(async () => {
    db = await fresh();
  });

  const held = async (): Promise<void> => {
    expect(await hold(db, BY)).toBe(true);
  };

  it('takes jobs, and gives none to any kind of claim', async () => {
    await held();
    const { humdrum } = await openEngine(db, { jobs: [plain, note] });
    const { id } = await humdrum.enqueue(plain, {});
    const worker = await addWorker(db);
    expect(await claim(db, worker)).toEqual([]);
    expect(await claimOne(db, worker, id)).toBeNull();
    const suspects = { queues: ['default'], types: [plain.type] };
    expect(await claimAlone(db, worker, suspects)).toBeNull();
    await expect(humdrum.run(note)).rejects.toMatchObject({
      code: 'database-held',
      message: expect.stringMatching(/is held since \S+ by cli:ada: a restored copy\./) as string,
    });
    expect(await humdrum.drain()).toMatchObject({ ran: [], idle: true });
    await unhold(db, BY);
    expect(await claim(db, worker)).toHaveLength(1);
  });

  it('fires no schedule, and fires what it missed afterwards', async () => {
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:30Z');
    const { humdrum } = await openEngine(db, { jobs: [tick] });
    await humdrum.register();
    await held();
    await moveTo('2026-03-01T10:02:30Z');
    expect(await fireTicks(db, new Registry([tick]))).toBe(0);
    expect(await humdrum.drain()).toMatchObject({ ran: [], idle: true });
    await unhold(db, BY);
    expect((await humdrum.drain()).ran).toHaveLength(2);
  });

  it('delivers nothing', async () => {
    const sent: string[] = [];
    const send = async ({ key }: { key: string }) => void sent.push(key);
    const chat = defineChannel({ name: 'chat', send });
    const tell = job('test.tell', (ctx) =>
      ctx.notify({ channel: 'chat', to: 'ada', text: 'paid' }),
    );
    const { humdrum } = await openEngine(db, { jobs: [tell], receivers: [chat] });
    await humdrum.enqueue(tell);
    await humdrum.drain({ maxAttempts: 1 });
    await held();
    await humdrum.drain();
    expect(sent).toEqual([]);
    await unhold(db, BY);
    await humdrum.drain();
    expect(sent).toHaveLength(1);
  });

  it('is told once by a worker, which goes on when the hold ends', async () => {
    await held();
    const { humdrum, events } = await openEngine(db, { jobs: [note], worker: { pollMs: 10 } });
    await humdrum.enqueue(note);
    await humdrum.start();
    await events.until((log) => log.count('database-held') > 0);
    expect(humdrum.worker).toMatchObject({ running: 0, inHand: 0 });
    await unhold(db, BY);
    await humdrum.enqueue(note, {}, { delayMs: 1 }); // Wakes the upkeep, which would look within seconds.
    await events.settled(2);
    await events.until((log) => log.count('database-unheld') > 0);
    expect(events.count('database-held')).toBe(1);
    expect(events.all.find(({ event }) => event === 'database-held')).toMatchObject({ hold: BY });
  });

  it('says so where one asks', async () => {
    await held();
    const { humdrum } = await openEngine(db, { jobs: [note] });
    const { id } = await humdrum.enqueue(note);
    expect(await humdrum.hold()).toMatchObject({ ...BY, at: expect.any(Date) as Date });
    expect((await humdrum.why(id)).why).toMatch(
      /^The database is held since \S+Z by cli:ada: a restored copy\. No job starts before/,
    );
    const ready = await probes(humdrum).request('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      checks: {
        hold: { ok: true, note: expect.stringMatching(/is held since .*: no job/) as string },
      },
    });
    await unhold(db, BY);
    expect(await humdrum.hold()).toBeNull();
    expect(await (await probes(humdrum).request('/readyz')).json()).not.toHaveProperty(
      'checks.hold',
    );
  });

  it('is held once, by one, and audited with actor and reason', async () => {
    await held();
    expect(await hold(db, { actor: 'cli:bob', reason: 'again' })).toBe(false);
    expect(await unhold(db, { actor: 'cli:bob', reason: 'checked' })).toBe(true);
    expect(await unhold(db, BY)).toBe(false);
    const { humdrum } = await openEngine(db);
    const { rows } = await humdrum.searchAudit({ events: ['configured'] });
    expect(rows.map(({ actor, reason }) => [actor, reason])).toEqual([
      ['cli:bob', 'database no longer held: checked'],
      ['cli:ada', 'database held: a restored copy'],
    ]);
  });
});
