import { Command } from 'commander';
import colors from 'picocolors';
import { toWhole } from '../arguments.ts';
import { duration, instant, oneLine, print, printJson, table } from '../output.ts';
import { withHumdrum } from '../session.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('what has run, the latest first')
    .option('--limit <number>', 'how many, at most 100', toWhole, 20)
    .option('--json', 'for programs')
    .action(async (options: { limit: number; json?: true }, command: Command) => {
      const runs = await withHumdrum(command, (humdrum) =>
        humdrum.getExecutionHistory(options.limit),
      );
      if (options.json) return printJson(runs);
      const rows = runs.map((run) => [
        instant(run.startedAt),
        run.name,
        String(run.jobId),
        String(run.attempt),
        run.success ? colors.green('completed') : colors.red('failed'),
        duration(run.durationMs),
        oneLine(run.error ?? '', 60),
      ]);
      print(
        table(
          ['started (UTC)', 'type', 'job', 'attempt', 'ended', 'took', 'error'],
          rows,
          'Nothing has run yet.',
        ),
      );
    });
}
