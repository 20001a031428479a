import { expect, it } from 'vitest';
import { eachBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { MONDAY, openKit } from './support.ts';

eachBackend('assertions', (fresh) => {
  const mail = job('test.mail', () => null);
  const post = job('test.post', () => null, { queue: 'slow' });
  const speaker = job('test.speaker', (ctx, { score }) => {
    ctx.emit('quiz.played', { player: { id: 7, name: 'Ada' }, score: score as number });
    ctx.notify({ channel: 'email', to: 'ada', text: 'Played.' });
  });
  const jobs = [mail, post, speaker];

  it('find a job by what the test says of it, and answer it', async () => {
    const humdrum = await openKit(fresh, { jobs });
    const input = { user: { id: 7, name: 'Ada' }, tags: ['a', 'b'], at: new Date(MONDAY) };
    const { id } = await humdrum.enqueue(mail, input, { delayMs: 60_000 });
    await humdrum.enqueue(post, {});
    for (const like of [
      { type: mail },
      { type: 'test.mail', input: { user: { id: 7 } } },
      { input: { tags: ['a', 'b'] } },
      { input: { at: new Date(MONDAY) } },
      { input: { user: { name: expect.stringMatching(/^A/) as string } } },
      { runAt: '2026-03-02T10:01:00+01:00' },
      { type: mail, runAt: new Date('2026-03-02T09:01:00Z'), count: 1 },
    ]) {
      expect(await humdrum.assertEnqueued(like)).toMatchObject([{ id }]);
    }
    expect(await humdrum.enqueued()).toHaveLength(2);
    expect(await humdrum.enqueued({ queue: 'slow' })).toMatchObject([{ type: 'test.post' }]);
    await humdrum.assertEnqueued({ count: 2 });
    for (const like of [
      { type: mail, queue: 'slow' },
      { input: { user: { id: 8 } } },
      { input: { user: { id: 7, nick: 'a' } } },
      { input: { tags: ['a'] } },
      { input: { tags: { length: 2 } } },
      { runAt: MONDAY, type: mail },
      { type: mail, status: 'completed' as const },
    ]) {
      await humdrum.refuteEnqueued(like);
    }
  });

  it('show what comes nearest where there is no such job', async () => {
    const humdrum = await openKit(fresh, { jobs });
    await expect(humdrum.assertEnqueued({ type: mail })).rejects.toMatchObject({
      name: 'AssertionError',
      message: `No job matches { type: 'test.mail' }. There are no jobs.`,
    });
    await humdrum.enqueue(post, { user: 7 });
    await humdrum.enqueue(mail, { user: 7 });
    await expect(
      humdrum.assertEnqueued({ type: mail, input: { user: 8 }, runAt: '2026-03-02T12:00:00Z' }),
    ).rejects.toMatchObject({
      message: [
        `No job matches { type: 'test.mail', input: { user: 8 }, runAt: '2026-03-02T12:00:00Z' }. Closest of 2:`,
        `  job 2 test.mail { user: 7 }, queued, due 2026-03-02T09:00:00.000Z`,
        `    input.user is 7, not 8`,
        `    runAt is '2026-03-02T09:00:00.000Z', not '2026-03-02T12:00:00.000Z'`,
        `  job 1 test.post { user: 7 }, queued, due 2026-03-02T09:00:00.000Z`,
        `    type is 'test.post', not 'test.mail'`,
        `    input.user is 7, not 8`,
        `    runAt is '2026-03-02T09:00:00.000Z', not '2026-03-02T12:00:00.000Z'`,
      ].join('\n'),
    });
    await humdrum.drain();
    await expect(humdrum.assertEnqueued({ type: mail })).rejects.toThrow(
      /job 2 test\.mail \{ user: 7 \}, completed\n {4}status is 'completed', not 'queued'/,
    );
    await humdrum.assertEnqueued({ type: mail, status: 'any' });
  });

  it('count, and refuse what should not be', async () => {
    const humdrum = await openKit(fresh, { jobs });
    await humdrum.enqueueMany([1, 2].map((n) => ({ type: mail, input: { n } })));
    await expect(humdrum.assertEnqueued({ type: mail, count: 1 })).rejects.toThrow(
      /^Expected 1 jobs that match \{ type: 'test\.mail' \}, found 2\./,
    );
    await humdrum.assertEnqueued({ type: post, count: 0 });
    await expect(humdrum.refuteEnqueued({ input: { n: 2 } })).rejects.toMatchObject({
      message: [
        `Expected no job that matches { input: { n: 2 } }, found:`,
        `  job 2 test.mail { n: 2 }, queued, due 2026-03-02T09:00:00.000Z`,
      ].join('\n'),
    });
  });

  it('find events and notifications of jobs that have completed', async () => {
    const humdrum = await openKit(fresh, { jobs });
    await humdrum.enqueue(speaker, { score: 9 });
    await humdrum.refuteEmitted();
    await humdrum.refuteNotified();
    await humdrum.drain();
    const played = { name: 'quiz.played', data: { player: { id: 7 } }, type: speaker, count: 1 };
    expect(await humdrum.assertEmitted(played)).toMatchObject([{ jobId: 1, data: { score: 9 } }]);
    await humdrum.assertNotified({ name: 'email', data: { to: 'ada' } });
    await humdrum.refuteEmitted({ name: 'email' });
    expect(await humdrum.emitted({ data: { score: 8 } })).toEqual([]);
    await expect(humdrum.assertEmitted({ data: { score: 8 } })).rejects.toThrow(
      /^No event matches .* Closest of 1:\n {2}quiz\.played .*, from job 1 test\.speaker\n {4}data\.score is 9, not 8$/,
    );
    await expect(humdrum.refuteNotified({ name: 'email' })).rejects.toThrow(/from job 1/);
  });

  it('refuse an instant without a zone, and a clock that goes back', async () => {
    const humdrum = await openKit(fresh, { jobs });
    for (const runAt of ['2026-03-02T10:00:00', 'soon']) {
      await humdrum.enqueue(mail, {});
      await expect(humdrum.assertEnqueued({ runAt })).rejects.toMatchObject({
        code: 'input-invalid',
      });
    }
    const { clock } = humdrum;
    await expect(clock.moveTo('2026-03-02T08:59:59Z')).rejects.toThrow(/can only move forward/);
    await expect(clock.advance(Number.NaN)).rejects.toMatchObject({ code: 'input-invalid' });
    const mistyped = { hour: 1 } as { hours?: number };
    await expect(clock.advance(mistyped)).rejects.toThrow(
      /no option "hour"\. Did you mean "hours"/,
    );
    await clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 });
    expect(clock.now()).toEqual(new Date('2026-03-03T11:03:04.005Z'));
    const { rows } = await humdrum.database.query<{ now: Date }>('select humdrum.clock() as now');
    expect(rows).toEqual([{ now: clock.now() }]);
  });
});
