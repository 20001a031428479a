import { createHumdrum, defineJob, HumdrumError } from 'humdrum';
import { openPglite } from 'humdrum/pglite';
import { z } from 'zod';

const payOut = defineJob({
  type: 'shop.pay-out',
  input: z.object({ account: z.string() }),
  secrets: ['account'],
  async run(ctx, { account }) {
    const { rows } = await ctx.db.query(
      'update sale set paid = true where not paid returning cents',
    );
    const cents = rows.reduce((sum, row) => sum + Number(row.cents), 0);
    ctx.emit('shop.paid', { cents, account });
    ctx.log(`to ${account}`);
    return { cents };
  },
});

const database = await openPglite();
await database.query('create table sale (cents integer, paid boolean default false)');
await database.query('insert into sale values (1200), (800)');
// One key for the example: yours comes from the environment.
const secretKey = Buffer.alloc(32, 7).toString('base64');
const humdrum = await createHumdrum({ database, jobs: [payOut], secretKey });

const input = { account: 'DE02120300000000202051' };
const at = new Date('2026-03-01T09:00:00Z');
const plan = await humdrum.rehearse(payOut, input, at);
console.log('would change', plan.tables);
console.log('would leave', plan.effects);
const { rows } = await database.query('select count(*) as unpaid from sale where not paid');
console.log('nothing was written:', rows);

await database.query('insert into sale values (50)');
const late = await humdrum
  .run(payOut, input, { at, ifPlan: plan.hash })
  .catch((/** @type {unknown} */ error) => error);
console.log('with one sale more:', late instanceof HumdrumError && late.code);

const second = await humdrum.rehearse(payOut, input, at);
const { jobId, plan: done } = await humdrum.run(payOut, input, { at, ifPlan: second.hash });
console.log('ran as planned:', done?.hash === second.hash);
console.log('people see', (await humdrum.showJob(jobId)).input);

const recording = await humdrum.exportAttempt(jobId);
const { same, differences } = await humdrum.replay(recording);
console.log('replayed where all is paid: same', same, differences);
await humdrum.close();
await database.close();
