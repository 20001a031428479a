import { nowMs, sleep } from '../clock.ts';
import { numberFrom, type Rows } from '../databases.ts';
import { payloads } from '../payload.ts';
import type { Scale, Scenario } from '../scenario.ts';
import { embedded, producerOf, verifyRecords } from '../systems/humdrum.ts';

const jobsOf = ({ jobs }: Scale): number => Math.ceil(jobs / 2);

const OPEN = `select (select count(*) from humdrum.ready) + (select count(*) from humdrum.lease)`;

export const scenario: Scenario = {
  title: 'PGlite',
  what: (scale) =>
    `${jobsOf(scale).toLocaleString('en')} jobs on the embedded database, in memory, with producer, worker and database in one process. Rates of the enqueue, of the drain after it, and of both in a row.`,
  metrics: {
    rate: { label: 'enqueue to completion, jobs/s', better: 'more' },
    enqueue: { label: 'enqueue, jobs/s', better: 'more' },
    drain: { label: 'drain, jobs/s', better: 'more' },
    memory: { label: 'process MiB', better: 'less' },
  },
  settings: 'default',
  suits: (name) => name === 'humdrum',
  async measure({ scale }) {
    const jobs = jobsOf(scale);
    const all = payloads(jobs);
    const ran = new Set<number>();
    const humdrum = await embedded(({ id }) => {
      ran.add(id);
    });
    const query: Rows = async (sql) => (await humdrum.database.query(sql)).rows;
    const startMs = nowMs();
    await producerOf(humdrum).enqueueMany(all);
    const storedMs = nowMs();
    await humdrum.start();
    while (ran.size < jobs || (await numberFrom(query, OPEN)) > 0) await sleep(5);
    const endMs = nowMs();
    const memory = process.resourceUsage().maxRSS / 1_024;
    await humdrum.stop();
    await verifyRecords(query, jobs);
    await humdrum.close();
    return {
      values: {
        rate: jobs / ((endMs - startMs) / 1_000),
        enqueue: jobs / ((storedMs - startMs) / 1_000),
        drain: jobs / ((endMs - storedMs) / 1_000),
        memory,
      },
    };
  },
};
