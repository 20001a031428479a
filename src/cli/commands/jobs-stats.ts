import { Command } from 'commander';
import type { Percentiles } from '../../engine/statistics/percentiles.ts';
import { statistics } from '../../http/contract/stats.ts';
import { toInstant } from '../arguments.ts';
import { hintAtWords } from '../hint.ts';
import { duration, print, printJson, table } from '../output.ts';
import { withClient } from '../session.ts';

interface StatsFlags {
  type?: string;
  from?: Date;
  to?: Date;
  json?: true;
}

export function statsCommand(): Command {
  return new Command('stats')
    .description('show statistics by job type')
    .option('--type <type>', 'only this type')
    .option('--from <instant>', 'from this time, in whole minutes', toInstant)
    .option('--to <instant>', 'before this time', toInstant)
    .option('--json', 'print JSON')
    .action(async ({ json, ...range }: StatsFlags, command: Command) => {
      const answer = await withClient(command, async (client) => {
        const found = await client.call(statistics, { query: range });
        if (found.types.length === 0) await hintAtWords(client, range);
        return found;
      });
      if (json) return printJson(answer);
      const rows = answer.types.map(({ type, created, completed, failed, cancelled, runMs }) => [
        type,
        created,
        completed,
        failed,
        cancelled,
        time(runMs, 'p50'),
        time(runMs, 'p95'),
      ]);
      const head = ['type', 'created', 'completed', 'failed', 'cancelled', 'p50', 'p95'];
      print(table(head, rows, 'No activity.'));
    });
}

const time = (times: Percentiles | null, which: keyof Percentiles): string =>
  times === null ? '' : duration(times[which]);
