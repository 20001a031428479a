import { Command } from 'commander';
import type { WorkerState } from '../../engine/show/workers.ts';
import { listWorkers } from '../../http/contract/queues.ts';
import { colors } from '../colors.ts';
import { painted, print, printJson, second, table } from '../output.ts';
import { withClient } from '../session.ts';

const PAINT: Record<WorkerState, (text: string) => string> = {
  alive: colors.green,
  lost: colors.red,
  ended: colors.gray,
};

export function workersCommand(): Command {
  return new Command('workers')
    .description('list workers that are alive, lost, or ended within the last hour')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listWorkers));
      if (json) return printJson(answer);
      const rows = answer.workers.map((one) => [
        String(one.id),
        one.name,
        painted(one.state, PAINT[one.state]),
        second(one.startedAt),
        one.runningCount,
        one.queues.join(', '),
      ]);
      const head = ['id', 'name', 'state', 'started (UTC)', 'running', 'queues'];
      print(table(head, rows, 'No workers.'));
    });
}
