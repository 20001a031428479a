import { expect, it } from 'vitest';
import { defineChannel, defineSubscriber, type Delivery, type Json } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const play = job('test.play', (ctx, { fails }) => {
  ctx.emit('quiz.started', { by: 'ada' });
  ctx.emit('other.thing', null);
  ctx.notify({ channel: 'email', to: 'ada@example.org', text: 'You played.' });
  ctx.emit('quiz.ended', { points: 3 });
  if (fails && ctx.job.attempt === 1) throw new Error('rolled back');
});

eachBackend('delivery', (fresh) => {
  it('takes each effect to whoever wants it, in order, after the job has committed', async () => {
    const db = await fresh();
    const heard: [string, Delivery][] = [];
    const hears = (who: string) => async (delivery: Delivery) => {
      const { status } = await humdrum.showJob(delivery.job.id);
      expect(status).toBe('completed');
      heard.push([who, delivery]);
    };
    const receivers = [
      defineSubscriber({ name: 'quiz', events: ['quiz.*'], run: hears('quiz') }),
      defineSubscriber({ name: 'all', events: ['*'], run: hears('all') }),
      defineChannel({ name: 'email', send: hears('email') }),
    ];
    const { humdrum, events } = await openEngine(db, { jobs: [play], receivers });
    const { id } = await humdrum.enqueue(play, { fails: true });
    await humdrum.start();
    await events.settled(2 + 3);
    const told = (who: string) =>
      heard.filter(([name]) => name === who).map(([, { key, name, data }]) => [key, name, data]);
    expect(told('quiz')).toEqual([
      [`humdrum-${id}-0`, 'quiz.started', { by: 'ada' }],
      [`humdrum-${id}-3`, 'quiz.ended', { points: 3 }],
    ]);
    expect(told('all').map(([, name]) => name)).toEqual([
      'quiz.started',
      'other.thing',
      'quiz.ended',
    ]);
    expect(told('email')).toEqual([
      [`humdrum-${id}-2`, 'email', { to: 'ada@example.org', text: 'You played.' }],
    ]);
    expect(heard[0]?.[1].job).toMatchObject({ id, type: 'test.play' });
  });

  it('goes on behind what has been delivered when a receiver fails, with the same key', async () => {
    const heard: string[] = [];
    const shaky = defineSubscriber({
      name: 'shaky',
      events: ['*'],
      retry: { delayMs: 0 },
      run: async ({ key, attempt }) => {
        heard.push(`${attempt} ${key}`);
        if (attempt === 1 && key.endsWith('-1')) throw new Error('not now');
      },
    });
    const { humdrum, events } = await openEngine(await fresh(), {
      jobs: [play],
      receivers: [shaky],
      worker: { pollMs: 50 },
    });
    const { id } = await humdrum.enqueue(play);
    await humdrum.start();
    await events.settled(3);
    expect(heard).toEqual([
      `1 humdrum-${id}-0`,
      `1 humdrum-${id}-1`,
      `2 humdrum-${id}-1`,
      `2 humdrum-${id}-3`,
    ]);
  });

  it('keeps what no attempt could deliver for an operator', async () => {
    let up = false;
    const heard: string[] = [];
    const down = defineChannel({
      name: 'email',
      retry: { attempts: 2, delayMs: 0 },
      send: async ({ data }) => {
        if (!up) throw new Error('no connection');
        heard.push(JSON.stringify(data));
      },
    });
    const { humdrum, events } = await openEngine(await fresh(), {
      jobs: [play],
      receivers: [down],
      worker: { pollMs: 50 },
    });
    await humdrum.enqueue(play);
    await humdrum.start();
    await events.settled(3);
    const [dead] = await humdrum.listJobs({ status: 'failed' });
    expect(dead).toMatchObject({
      type: 'notify.email',
      attempts: 2,
      errorMessage: 'no connection',
    });
    up = true;
    await humdrum.retry(dead?.id ?? 0);
    await events.settled(4);
    expect(heard).toHaveLength(1);
  });

  it('waits for a process that knows the channel', async () => {
    const db = await fresh();
    const first = await openEngine(db, { jobs: [play] });
    await first.humdrum.run(play);
    await first.humdrum.stop();
    expect(await first.humdrum.listJobs({ status: 'queued' })).toMatchObject([
      { type: 'notify.email', status: 'queued' },
    ]);
    const sent: string[] = [];
    const email = defineChannel({ name: 'email', send: async ({ key }) => sent.push(key) });
    const second = await openEngine(db, { jobs: [play], receivers: [email] });
    await second.humdrum.start();
    await second.events.settled(1);
    expect(sent).toHaveLength(1);
  });

  it('delivers nothing of a rehearsal, nor of a rehearsed delivery', async () => {
    const db = await fresh();
    const sent: string[] = [];
    const email = defineChannel({ name: 'email', send: async ({ key }) => sent.push(key) });
    const { humdrum } = await openEngine(db, { jobs: [play], receivers: [email] });
    const { effects } = await humdrum.rehearse(play);
    expect(effects.map(({ kind }) => kind)).toEqual(['event', 'event', 'notification', 'event']);
    const { jobId } = await humdrum.run(play);
    expect((await humdrum.rehearse('notify.email', { job: jobId })).result).toEqual({
      delivered: 1,
    });
    expect(sent).toEqual([]);
  });

  it('is as urgent as the job that it comes from, and never less urgent than others', async () => {
    const of = (type: string, priority: number) =>
      job(type, (ctx) => ctx.notify({ channel: 'email', to: 'ada', text: type }), { priority });
    const jobs = [of('test.low', 9), of('test.high', -9)];
    const sent: Json[] = [];
    const email = defineChannel({ name: 'email', send: async ({ data }) => sent.push(data) });
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs, receivers: [email] });
    for (const type of jobs) await humdrum.run(type);
    const { rows } = await db.query(
      `select priority from humdrum.job where type = 'notify.email' order by priority`,
    );
    expect(rows).toEqual([{ priority: -9 }, { priority: 0 }]);
    await humdrum.drain();
    expect(sent).toEqual([
      { to: 'ada', text: 'test.high' },
      { to: 'ada', text: 'test.low' },
    ]);
  });
});
