import cronstrue from 'cronstrue';
import { checkCron } from './cron.ts';

/** A cron expression in words: `At 09:00, only on Monday`. Errors: `type-invalid`. */
export function describeCron(cron: string): string {
  checkCron(cron);
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    return cron; // Croner accepts some forms that cronstrue cannot describe.
  }
}
