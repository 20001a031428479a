import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineChannel, defineJob, defineSubscriber } from 'humdrum';
import { z } from 'zod';

const order = defineJob({
  type: 'shop.order',
  input: z.object({ cents: z.int() }),
  retry: { attempts: 2, delayMs: 0 },
  run(ctx, { cents }) {
    ctx.emit('shop.ordered', { cents });
    ctx.notify({ channel: 'mail', to: 'ada@example.org', text: 'Thank you.' });
    ctx.emit('shop.stock-changed', { left: 3 });
    if (ctx.job.attempt === 1) throw new Error('what was emitted before this is dropped');
  },
});
const stock = defineSubscriber({
  name: 'stock',
  events: ['shop.*'],
  retry: { delayMs: 0 },
  async run({ key, name, data, attempt }) {
    if (name === 'shop.stock-changed' && attempt === 1) throw new Error('not reached');
    console.log(`stock: ${key} ${name}`, data);
  },
});
let isUp = false;
const mail = defineChannel({
  name: 'mail',
  retry: { attempts: 1 },
  async send({ key, data }) {
    if (!isUp) throw new Error('no connection');
    console.log(`mail: ${key}`, data);
  },
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [order],
  receivers: [stock, mail],
  onEvent: (event) => engine.emit(event.event, event),
});
await humdrum.enqueue(order, { cents: 500 });
const settled = on(engine, 'job-settled');
await humdrum.start();
for (let attempts = 2 + 2 + 1; attempts > 0; attempts -= 1) await settled.next();

const [dead] = await humdrum.listJobs({ status: 'failed' });
console.log(`${dead?.type} is ${dead?.status}: ${dead?.errorMessage}`);
isUp = true;
await humdrum.retry(dead?.id ?? 0, { reason: 'the server is back' });
await settled.next();
await humdrum.close();
