import { Command } from 'commander';
import { jobsHistory } from '../../http/contract/source.ts';
import { toAtMost } from '../arguments.ts';
import { duration, print, printJson, second, statusCell, table } from '../output.ts';
import { withClient } from '../session.ts';

interface HistoryFlags {
  limit: number;
  system?: true;
  json?: true;
}

export function historyCommand(): Command {
  return new Command('history')
    .description('list recent runs, latest first')
    .option('--limit <number>', 'maximum number, up to 100', toAtMost(100), 20)
    .option('--system', "include the engine's own jobs (humdrum.*, deliver.*, notify.*)")
    .option('--json', 'print JSON')
    .action(async ({ json, ...query }: HistoryFlags, command: Command) => {
      const history = await withClient(command, (client) => client.call(jobsHistory, { query }));
      if (json) return printJson(history);
      const rows = history.executions.map((run) => [
        second(run.startedAt),
        run.name,
        statusCell(run.success ? 'completed' : 'failed'),
        duration(run.durationMs),
        run.error ?? '',
      ]);
      const head = ['started (UTC)', 'type', 'ended', 'took', 'error'];
      print(table(head, rows, 'Nothing has run yet.'));
    });
}
