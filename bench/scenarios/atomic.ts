import { onPostgres, numberFrom } from '../databases.ts';
import { emptyQueue, produce } from '../drain.ts';
import { ROWS } from '../handlers.ts';
import { payloads } from '../payload.ts';
import type { Scale, Scenario } from '../scenario.ts';

const WRITERS = 24;
const jobsOf = ({ jobs }: Scale): number => Math.ceil(jobs / 5);

export const scenario: Scenario = {
  title: 'Jobs that write',
  what: (scale) =>
    `${jobsOf(scale).toLocaleString('en')} jobs, ${WRITERS} at once, each of which adds 1 to one of ${ROWS.toLocaleString('en')} rows in a commit of its own. Whether that commit is the job's completion too differs: see the last table.`,
  metrics: {
    rate: { label: 'jobs/s', better: 'more' },
    memory: { label: 'worker MiB', better: 'less' },
  },
  settings: 'best',
  chart: true,
  async measure(bench) {
    const jobs = jobsOf(bench.scale);
    const place = await bench.fresh();
    return onPostgres(place.postgres, async (query) => {
      await query('create table bench_row (id integer primary key, n integer not null)');
      await query('insert into bench_row select i, 0 from generate_series(0, $1) i', [ROWS - 1]);
      await produce(bench, place, (producer) => producer.enqueueMany(payloads(jobs)));
      const withinMs = bench.scale.quick ? 10_000 : 60_000;
      const { values, note } = await emptyQueue(bench, place, {
        jobs,
        withinMs,
        task: { writers: WRITERS },
      });
      const written = await numberFrom(query, 'select sum(n) from bench_row');
      if (note === undefined && written !== jobs) {
        throw new Error(`${jobs} jobs have written ${written} times.`);
      }
      const { rate = 0, memory = 0 } = values;
      return { values: { rate, memory }, ...(note === undefined ? {} : { note }) };
    });
  },
};
