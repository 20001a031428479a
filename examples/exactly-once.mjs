import { EventEmitter, once } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

const charge = defineJob({
  type: 'shop.charge',
  input: z.object({ cents: z.int().positive() }),
  retry: { attempts: 3, delayMs: 0 },
  async run(ctx, { cents }) {
    await ctx.db.query('insert into charge (id, cents) values ($1, $2)', [ctx.id('charge'), cents]);
    if (ctx.job.attempt < 3) throw new Error(`attempt ${ctx.job.attempt} fails after its write`);
    return { charged: cents };
  },
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [charge],
  onEvent: (event) => engine.emit(event.event, event),
});
await humdrum.database.query('create table charge (id uuid primary key, cents integer not null)');

const plan = await humdrum.rehearse(charge, { cents: 500 });
console.log('a rehearsal says:', plan.error?.message);

const { id } = await humdrum.enqueue(charge, { cents: 500 });
await humdrum.start();
for (let settled = 0; settled < 3; settled += 1) await once(engine, 'job-settled');
await humdrum.stop();

const { attemptRecords } = await humdrum.showJob(id);
for (const { number, status, errorMessage } of attemptRecords) {
  console.log(`attempt ${number}: ${status}${errorMessage ? `, ${errorMessage}` : ''}`);
}
const { rows } = await humdrum.database.query('select cents from charge');
console.log('rows in the table:', rows);
await humdrum.close();
