import type { Context } from 'humdrum';
import { JobHandler } from 'humdrum/nestjs';
import { z } from 'zod';
import { Reports } from './reports.ts';

@JobHandler({
  type: 'reports.send', // The name.
  input: z.object({}),
  schedule: { cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin', overlap: 'skip' },
  retry: { attempts: 5 }, // What fails is tried again, and stays to be seen.
})
export class SendReports {
  constructor(private readonly reports: Reports) {}

  async run(ctx: Context) {
    return { sent: await this.reports.send(ctx.now) }; // The tick, not the clock.
  }
}

@JobHandler({
  type: 'reports.refresh',
  input: z.object({}),
  schedule: { cron: '*/5 * * * *', misfire: 'skip' },
})
export class RefreshReports {
  constructor(private readonly reports: Reports) {}

  async run() {
    await this.reports.refresh();
  }
}
