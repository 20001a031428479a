import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';
import { refreshCache, sendReports } from './reports.mjs';

export const reports = defineJob({
  type: 'reports.send', // The name.
  input: z.object({}),
  schedule: { cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin', overlap: 'skip' },
  retry: { attempts: 5 }, // What fails is tried again, and stays to be seen.
  run: async (ctx) => ({ sent: await sendReports(ctx.now) }), // The tick, not the clock.
});

export const refresh = defineJob({
  type: 'cache.refresh',
  input: z.object({}),
  schedule: { cron: '*/5 * * * *', misfire: 'skip' },
  run: () => refreshCache(),
});

/** @param {string} database */
export async function start(database) {
  const humdrum = await createHumdrum({ database, jobs: [reports, refresh] });
  await humdrum.start();
  process.once('SIGTERM', () => void humdrum.close()); // Waits for what runs.
  return humdrum;
}
