import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

let running = 0;
let most = 0;
const call = defineJob({
  type: 'shop.call-api',
  input: z.object({}),
  limits: ['api'],
  async run() {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
  },
});
const book = defineJob({
  type: 'shop.book',
  input: z.object({ account: z.string(), entry: z.number() }),
  limits: ({ account }) => [{ name: 'account', key: account }],
  retry: { attempts: 2, delayMs: 0 },
  run(ctx, { entry }) {
    console.log(`entry ${entry}, attempt ${ctx.job.attempt}`);
    if (entry === 1 && ctx.job.attempt === 1) throw new Error('not yet');
  },
});
const mail = defineJob({ type: 'shop.mail', input: z.object({}), limits: ['mails'], run() {} });

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [call, book, mail],
  limits: {
    api: { concurrency: 2 },
    account: { ordered: true },
    mails: { concurrency: 0 },
  },
  onEvent: (event) => engine.emit(event.event, event),
});

await humdrum.enqueueMany(Array.from({ length: 6 }, () => ({ type: call })));
for (const entry of [1, 2, 3]) await humdrum.enqueue(book, { account: 'ada', entry });
const { id } = await humdrum.enqueue(mail);
const settled = on(engine, 'job-settled');
await humdrum.start();
for (let attempts = 6 + 4; attempts > 0; attempts -= 1) await settled.next();
console.log('calls at once, at most:', most);
console.log('the mail:', (await humdrum.why(id)).why);
await humdrum.close();
