import { expect, it, onTestFinished } from 'vitest';
import { createHumdrum } from '../../src/index.ts';
import type { EngineEvent } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { EventLog, job } from '../support/engine.ts';

const NAMES: EngineEvent['event'][] = [
  'worker-started',
  'jobs-claimed',
  'batch-settled',
  'job-settled',
  'trouble',
  'worker-stopped',
];

anyBackend('a listener', (fresh) => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('from a listener');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('from a listener'))],
  ])('that %s costs nothing but a warning', async (_, fails: () => unknown) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const events = new EventLog();
    const work = job(
      'hostile.work',
      (_ctx, { bad }) => {
        if (bad) throw new Error('as asked');
      },
      { retry: { attempts: 1 } },
    );
    const humdrum = await createHumdrum({
      database: await fresh(),
      jobs: [work],
      worker: { concurrency: 5 },
      onEvent: (event) => {
        events.add(event);
        return NAMES.includes(event.event) ? fails() : undefined;
      },
    });
    const heard: string[] = [];
    humdrum.observe((event) => void heard.push(event.event));
    await humdrum.enqueueMany(
      Array.from({ length: 10 }, (_one, at) => ({ type: work, input: { bad: at % 2 === 0 } })),
    );
    await humdrum.start();
    await events.settled(10);
    await humdrum.stop();
    const counts = await Promise.all(
      (['completed', 'failed'] as const).map(
        async (status) => (await humdrum.listJobs({ status })).length,
      ),
    );
    await humdrum.close();
    expect(counts).toEqual([5, 5]);
    expect(heard).toContain('worker-stopped');
    expect(warnings.map(({ message }) => message)).toEqual([
      'A listener of Humdrum failed on the event "worker-started": from a listener',
    ]);
  });
});
