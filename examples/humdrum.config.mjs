import { defineJob } from 'humdrum';
import { picks } from 'humdrum/packs/picks';
import { z } from 'zod';

const countLateOrders = defineJob({
  type: 'shop.count-late-orders',
  description: 'Counts the orders that should have left by now.',
  input: z.object({ hours: z.int().positive().default(24) }),
  schedule: { cron: '0 6 * * *', timeZone: 'Europe/Berlin' },
  retry: { attempts: 3, backoff: 'exponential', delayMs: 5_000 },
  timeoutMs: 30_000,
  async run(ctx, { hours }) {
    ctx.log('orders older than this are late', { hours, now: ctx.now.toISOString() });
    return { message: `Looked ${hours} hours back.` };
  },
});

export default {
  database: 'postgres://localhost:5432/shop',
  jobs: [countLateOrders],
  packs: [picks],
  worker: { concurrency: 20, leaseMs: 15_000 },
};
