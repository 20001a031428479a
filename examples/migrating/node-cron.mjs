import cron from 'node-cron';
import { refreshCache, sendReports } from './reports.mjs';

cron.schedule(
  '0 6 * * 1-5',
  async () => {
    try {
      await sendReports(new Date());
    } catch (error) {
      console.error('reports failed', error); // And that was that, until tomorrow.
    }
  },
  { name: 'send-reports', timezone: 'Europe/Berlin', noOverlap: true },
);

cron.schedule('*/5 * * * *', () => refreshCache());
