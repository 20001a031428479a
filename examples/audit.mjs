import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

const greet = defineJob({
  type: 'hello.greet',
  input: z.object({ name: z.string() }),
  run: (ctx, { name }) => ({ greeting: `Hello, ${name}!`, attempt: ctx.job.attempt }),
});

const humdrum = await createHumdrum({ jobs: [greet], actor: 'user:ada' });
await humdrum.run(greet, { name: 'Ada' });

// A worker does this on every full hour.
await humdrum.run('humdrum.seal-audit');
const { fault, seals, rows, unsealed } = await humdrum.verifyAudit();
console.log('untouched:', { fault, seals, rows, unsealed });

// Who owns the database can switch the triggers off.
await humdrum.database.transaction(async (tx) => {
  await tx.query('set local session_replication_role = replica');
  await tx.query(`update humdrum.audit set actor = 'user:eve' where event = 'created'`);
});
console.log('changed:', (await humdrum.verifyAudit()).fault);
await humdrum.close();
