import { createHumdrum, defineJob } from 'humdrum';
import { defineAlerts } from 'humdrum/alerts';
import { z } from 'zod';

let isDown = true;

const sync = defineJob({
  type: 'shop.sync-stock',
  input: z.object({}),
  retry: { attempts: 1 },
  health: { everyMs: 35 * 60_000, expectMs: 60_000 },
  run() {
    if (isDown) throw new Error('the warehouse does not answer');
    return { synced: 12 };
  },
});

/** @type {import('humdrum/alerts').Sink} */
const terminal = {
  name: 'terminal',
  timeoutMs: 1_000,
  async send({ notice, severity, summary }) {
    console.log(`${notice} (${severity}): ${summary}`);
  },
};

const humdrum = await createHumdrum({
  jobs: [sync],
  alerts: defineAlerts({ sinks: [terminal] }),
});

/** What a worker does by itself every five minutes. */
async function check() {
  await humdrum.run('humdrum.check-health');
  await humdrum.drain();
}

await humdrum.enqueueMany([{ type: sync }, { type: sync }, { type: sync }]);
await humdrum.drain();
await check();
await check(); // Nobody is notified twice.

isDown = false;
await humdrum.enqueue(sync);
await humdrum.drain();
await check();
await humdrum.close();
