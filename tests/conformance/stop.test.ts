import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

anyBackend('stop', (fresh) => {
  const slow = job('stop.slow', async (ctx) => {
    await sleep(300, null, { signal: ctx.signal });
    return 'done';
  });

  it.each([Infinity, 2 ** 31, 2 ** 40, Number.MAX_VALUE])(
    'waits for the job until a deadline of %d ms',
    async (deadlineMs) => {
      const { humdrum, events } = await openEngine(await fresh(), { jobs: [slow] });
      const { id } = await humdrum.enqueue(slow, {});
      await humdrum.start();
      await events.until(
        (log) =>
          log.count('jobs-claimed') > 0 &&
          log.all.some((one) => one.event === 'jobs-claimed' && one.jobs > 0),
      );
      await humdrum.stop(deadlineMs);
      expect((await humdrum.showJob(id)).status).toBe('completed');
    },
  );

  it.each([NaN, -1, '5s', '5000', null, {}])(
    'refuses a deadline of %j, and goes on',
    async (deadlineMs) => {
      const { humdrum, events } = await openEngine(await fresh(), { jobs: [slow] });
      await humdrum.start();
      await expect(humdrum.stop(deadlineMs as never)).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringMatching(
          /The deadline of stop must be a number of milliseconds/,
        ) as string,
      });
      await humdrum.enqueue(slow, {});
      await events.settled(1);
      await humdrum.stop();
    },
  );
});
