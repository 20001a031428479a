import { nowMs } from '../clock.ts';
import { payload, payloads } from '../payload.ts';
import type { Scale, Scenario } from '../scenario.ts';
import type { Producer } from '../system.ts';

const AT_ONCE = 50;
const singles = ({ quick }: Scale): number => (quick ? 100 : 2_000);
const concurrent = ({ quick }: Scale): number => (quick ? 500 : 10_000);

export const scenario: Scenario = {
  title: 'Enqueue',
  what: (scale) =>
    `One process, no worker: ${scale.jobs.toLocaleString('en')} jobs in bulk; ${singles(scale).toLocaleString('en')} one by one, each awaited; ${concurrent(scale).toLocaleString('en')} one by one, ${AT_ONCE} at a time.`,
  metrics: {
    bulk: { label: 'in bulk, jobs/s', better: 'more' },
    concurrent: { label: `${AT_ONCE} at a time, jobs/s`, better: 'more' },
    single: { label: 'one by one, jobs/s', better: 'more' },
  },
  settings: 'best',
  chart: true,
  async measure(bench) {
    const { jobs } = bench.scale;
    const few = singles(bench.scale);
    const more = concurrent(bench.scale);
    const place = await bench.fresh();
    const producer = await bench.system.produce(place, 'best');
    await producer.enqueue(payload(0)); // connects
    const all = payloads(jobs, 1);
    const values = {
      single: await rate(few, () => oneByOne(producer, few)),
      concurrent: await rate(more, async () => {
        const each = more / AT_ONCE;
        await Promise.all(Array.from({ length: AT_ONCE }, () => oneByOne(producer, each)));
      }),
      bulk: await rate(jobs, () => producer.enqueueMany(all)),
    };
    await producer.close();
    const watch = await bench.system.watch(place);
    const stored = await watch.open();
    await watch.close();
    const expected = 1 + few + more + jobs;
    if (stored !== expected) throw new Error(`Of ${expected} jobs ${stored} are stored.`);
    return { values };
  },
};

async function oneByOne(producer: Producer, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await producer.enqueue(payload(at));
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const startMs = nowMs();
  await work();
  return count / ((nowMs() - startMs) / 1_000);
}
