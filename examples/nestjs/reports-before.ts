import { Injectable, Logger } from '@nestjs/common';
import { Cron, Interval } from '@nestjs/schedule';
import { Reports } from './reports.ts';

@Injectable()
export class ReportsTasks {
  private readonly logger = new Logger(ReportsTasks.name);

  constructor(private readonly reports: Reports) {}

  @Cron('0 6 * * 1-5', { name: 'send', timeZone: 'Europe/Berlin', waitForCompletion: true })
  async send() {
    try {
      await this.reports.send(new Date());
    } catch (error) {
      this.logger.error('reports failed', error); // And that was that, until tomorrow.
    }
  }

  @Interval('refresh', 300_000)
  async refresh() {
    await this.reports.refresh();
  }
}
