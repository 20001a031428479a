import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineJob, describeCron } from 'humdrum';
import { z } from 'zod';

const cron = '30 2 * * *';
const countSales = defineJob({
  type: 'shop.count-sales',
  input: z.object({}),
  schedule: { cron, timeZone: 'America/New_York', misfire: 'each', jitterMs: 60_000 },
  run: (ctx) => ({ asOf: ctx.now.toISOString() }),
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [countSales],
  actor: 'ada',
  onEvent: (event) => engine.emit(event.event, event),
});
console.log(`${describeCron(cron)}, in New York`);

// In the night to the 8th of March 2026 the clocks there went from 2:00 to 3:00.
const range = { from: new Date('2026-03-07T00:00:00Z'), to: new Date('2026-03-10T00:00:00Z') };
const rehearsed = await humdrum.backfill(countSales, { ...range, dryRun: true });
console.log('without a job:', rehearsed.ticks.length, '- jobs made:', rehearsed.jobs.length);
for (const { at, result } of rehearsed.plans) console.log('rehearsed', at, result);

const { jobs } = await humdrum.backfill(countSales, { ...range, reason: 'the server was down' });
const settled = on(engine, 'job-settled');
await humdrum.start();
for (let waiting = jobs.length; waiting > 0; waiting -= 1) await settled.next();
await humdrum.stop();

for (const id of jobs) {
  const { status, attemptRecords, audit } = await humdrum.showJob(id);
  console.log(status, attemptRecords[0]?.result, `${audit[0]?.actor}: ${audit[0]?.reason}`);
}
const again = await humdrum.backfill(countSales, range);
console.log('jobs made by asking again:', again.jobs.length);
await humdrum.close();
