/**
 * Compares two ways to query the embedded database: one protocol message with prepared statements, and PGlite's own `query`,
 * which is used for shared instances. Takes turns in memory and reports the medians of the rounds.
 *
 *   bench/node_modules/.bin/node bench/embedded.ts
 *
 * Needs a build of Humdrum.
 */
import { PGlite } from '@electric-sql/pglite';
import { z } from 'zod';
import { openPglite } from '../dist/database/pglite.js';
import { claimNext } from '../dist/engine/transitions/claim.js';
import { findDueWork } from '../dist/engine/upkeep/due-work.js';
import { Registry } from '../dist/engine/job/registry.js';
import { createHumdrum, defineJob, type Database } from '../dist/index.js';
import { nowMs } from './clock.ts';
import { quantile } from './statistics.ts';

const ROUNDS = 5;
const TIMES = 200;
const QUEUE = 'default';

const job = defineJob({
  type: 'bench.job',
  input: z.object({}),
  run: async (ctx) => void (await ctx.db.query('select 1')),
});
const types = new Registry([job]);

async function asker(db: Database): Promise<Record<string, () => Promise<unknown>>> {
  let settled = (): void => undefined;
  const humdrum = await createHumdrum({
    database: db,
    jobs: [job],
    onEvent: ({ event }) => event === 'job-settled' && settled(),
  });
  await humdrum.start();
  return {
    'a look at what there is to do': () => findDueWork(db, { queues: [QUEUE], types }),
    'a claim that finds nothing': () =>
      claimNext(db, 1, { queue: QUEUE, types: ['bench.none'], limit: 10 }),
    'a job, enqueued and awaited': async () => {
      const ended = new Promise<void>((resolve) => (settled = resolve));
      await humdrum.enqueue(job, {});
      await ended;
    },
  };
}

async function msEach(ask: () => Promise<unknown>): Promise<number> {
  const startMs = nowMs();
  for (let time = 0; time < TIMES; time += 1) await ask();
  return (nowMs() - startMs) / TIMES;
}

const own = await openPglite();
const instance = await PGlite.create({ loadDataDir: await own.dumpDataDir() });
const before = await asker(await openPglite({ instance }));
const after = await asker(own);
console.log(`Node ${process.version}, ms: PGlite's own query, one message`);
for (const what of Object.keys(before)) {
  const rounds: [number, number][] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [one, other] = [before[what], after[what]];
    if (one && other) rounds.push([await msEach(one), await msEach(other)]);
  }
  const [, ...warm] = rounds;
  const of = (at: 0 | 1): string =>
    quantile(
      warm.map((each) => each[at]),
      0.5,
    ).toFixed(2);
  console.log(`${what.padEnd(32)} ${of(0).padStart(8)} ${of(1).padStart(8)}`);
}
process.exit(0);
