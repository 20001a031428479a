/** One measurement in a process of its own, on the built package as users get it. Prints the two rates as JSON. */
import { EventEmitter, once } from 'node:events';
import { createHumdrum, defineJob } from '../dist/index.js';
import { z } from 'zod';

const [count, database] = process.argv.slice(2);
const jobs = Number(count);

const noop = defineJob({
  type: 'bench.noop',
  input: z.object({ payload: z.string() }),
  run: () => null,
});

let left = jobs;
const done = new EventEmitter();
const humdrum = await createHumdrum({
  ...(database ? { database } : {}),
  jobs: [noop],
  onEvent: ({ event }) => {
    if (event === 'job-settled' && (left -= 1) === 0) done.emit('drained');
  },
});

const payload = 'x'.repeat(86); // 100 bytes of JSON
const enqueueStart = performance.now();
await humdrum.enqueueMany(Array.from({ length: jobs }, () => ({ type: noop, input: { payload } })));
const enqueueMs = performance.now() - enqueueStart;

const drainStart = performance.now();
const drained = once(done, 'drained');
await humdrum.start();
await drained;
const drainMs = performance.now() - drainStart;
await humdrum.stop();

// A rate is worth nothing where a job was lost or went unrecorded.
const { rows } = await humdrum.database.query(
  `select (select count(*) from humdrum.attempt where status = 'completed') as attempts,
     (select count(*) from humdrum.audit) as audit,
     (select count(*) from humdrum.ready) + (select count(*) from humdrum.lease) as open`,
);
const [seen] = rows;
if (seen?.['attempts'] !== jobs || seen['audit'] !== jobs * 3 || seen['open'] !== 0) {
  throw new Error(
    `Expected ${jobs} attempts and ${jobs * 3} audit rows, found ${JSON.stringify(seen)}.`,
  );
}
if (database) await humdrum.database.query('drop schema humdrum cascade');
await humdrum.close();
console.log(JSON.stringify({ enqueue: (jobs / enqueueMs) * 1000, drain: (jobs / drainMs) * 1000 }));
