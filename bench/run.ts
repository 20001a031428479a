/** How fast bulk enqueue and drain are, with the audit on, on a real PostgreSQL that fsyncs, and on PGlite. */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createHumdrum, defineJob, type Humdrum } from '../src/index.ts';
import { startPostgres } from '../tests/support/postgres-server.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string' },
    runs: { type: 'string' },
  },
});
const jobs = Number(flags.jobs ?? (flags.quick ? 20_000 : 100_000));
const runs = Number(flags.runs ?? (flags.quick ? 3 : 5));

const noop = defineJob({
  type: 'bench.noop',
  input: z.object({ payload: z.string() }),
  run: () => null,
});
const payload = 'x'.repeat(86); // 100 bytes of JSON

interface Rates {
  enqueue: number;
  drain: number;
}

async function measure(humdrum: Humdrum, settled: () => Promise<void>): Promise<Rates> {
  const requests = Array.from({ length: jobs }, () => ({ type: noop, input: { payload } }));
  const enqueueStart = performance.now();
  await humdrum.enqueueMany(requests);
  const enqueueMs = performance.now() - enqueueStart;
  const drainStart = performance.now();
  const done = settled();
  await humdrum.start();
  await done;
  const drainMs = performance.now() - drainStart;
  await humdrum.stop();
  await checkAudit(humdrum);
  return { enqueue: (jobs / enqueueMs) * 1000, drain: (jobs / drainMs) * 1000 };
}

/** A rate is worth nothing where a job was lost or went unrecorded. */
async function checkAudit(humdrum: Humdrum): Promise<void> {
  const { rows } = await humdrum.database.query<{ attempts: number; audit: number; open: number }>(
    `select (select count(*) from humdrum.attempt where status = 'completed') as attempts,
       (select count(*) from humdrum.audit) as audit,
       (select count(*) from humdrum.ready) + (select count(*) from humdrum.lease) as open`,
  );
  const [seen] = rows;
  if (seen?.attempts === jobs && seen.audit === jobs * 3 && seen.open === 0) return;
  throw new Error(
    `Expected ${jobs} attempts and ${jobs * 3} audit rows, found ${JSON.stringify(seen)}.`,
  );
}

async function once(database: string | undefined): Promise<Rates> {
  let left = jobs;
  let finished = (): void => undefined;
  const humdrum = await createHumdrum({
    ...(database === undefined ? {} : { database }),
    jobs: [noop],
    onEvent: ({ event }) => {
      if (event === 'job-settled' && (left -= 1) === 0) finished();
    },
  });
  const rates = await measure(humdrum, () => new Promise((resolve) => (finished = resolve)));
  if (database !== undefined) await humdrum.database.query('drop schema humdrum cascade');
  await humdrum.close();
  return rates;
}

function report(backend: string, rates: Rates[]): void {
  for (const what of ['enqueue', 'drain'] as const) {
    const sorted = rates.map((rate) => Math.round(rate[what])).toSorted((a, b) => a - b);
    const [least, median, most] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map(
      (at) => sorted[at],
    );
    const figures = [median, least, most].map((figure) => figure?.toLocaleString('en').padStart(9));
    console.log(`${backend.padEnd(22)} ${what.padEnd(8)} ${figures.join(' ')}`);
  }
}

const server = await startPostgres({ fsync: true });
const [cpu] = cpus();
console.log(
  `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
);
console.log(
  `${jobs.toLocaleString('en')} no-op jobs with 100 bytes of input, one worker process, ${runs} runs, jobs/s`,
);
console.log(
  `${'backend'.padEnd(22)} ${''.padEnd(8)} ${['median', 'least', 'most'].map((w) => w.padStart(9)).join(' ')}`,
);
try {
  const postgres: Rates[] = [];
  const pglite: Rates[] = [];
  for (let run = 0; run < runs; run += 1) {
    postgres.push(await once(server.url));
    pglite.push(await once(undefined));
  }
  report(`PostgreSQL ${server.version}`, postgres);
  report('PGlite, in memory', pglite);
} finally {
  await server.stop();
}
