import { expect, it } from 'vitest';
import { defineChannel } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

anyBackend('the latest executions', (fresh) => {
  const note = job('test.note', () => null);
  const tell = job('test.tell', (ctx) => ctx.notify({ channel: 'chat', to: 'ada', text: 'paid' }));
  const chat = defineChannel({ name: 'chat', send: async () => undefined });

  it("leave out the engine's own jobs, as the counts do, unless one asks for them", async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [tell], receivers: [chat] });
    await humdrum.enqueue(tell);
    await humdrum.drain();
    await humdrum.run('humdrum.seal-audit');
    expect(await humdrum.getExecutionHistory()).toMatchObject([{ name: 'test.tell' }]);
    expect(await humdrum.getStats()).toMatchObject({ totalExecutions: 1, successRate: 100 });
    expect(await humdrum.getExecutionHistory(20, { system: true })).toMatchObject([
      { name: 'humdrum.seal-audit' },
      { name: 'notify.chat' },
      { name: 'test.tell' },
    ]);
    expect(await humdrum.getExecutionHistory(1)).toMatchObject([{ name: 'test.tell' }]);
    expect(await humdrum.getStats({ system: true })).toMatchObject({ totalExecutions: 3 });
  });

  it('last from their start to their end, to the millisecond', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [note] });
    await humdrum.enqueueMany(Array.from({ length: 30 }, () => ({ type: note })));
    await humdrum.drain();
    const history = await humdrum.getExecutionHistory(30);
    expect(history).toHaveLength(30);
    expect(history.map(({ durationMs }) => durationMs)).toEqual(
      history.map(({ startedAt, completedAt }) => completedAt.getTime() - startedAt.getTime()),
    );
  });
});
