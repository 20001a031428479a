import { Command } from 'commander';
import type { z } from 'zod';
import { listQueues } from '../../http/contract/queues.ts';
import { print, printJson, second, table } from '../output.ts';
import { withClient } from '../session.ts';

type Queue = z.output<typeof listQueues.answer>['queues'][number];

export function queuesCommand(): Command {
  return new Command('queues')
    .description('the queues: how many jobs are where in them, and who serves them')
    .option('--json', 'for programs')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listQueues));
      if (json) return printJson(answer);
      const rows = answer.queues.map((one) => [
        one.queue,
        one.ready,
        one.later,
        one.parked,
        one.running,
        one.failed,
        one.workers,
        wordLimit(one.limit),
        one.waitingSince ? second(one.waitingSince) : '',
      ]);
      const counts = ['ready', 'later', 'in line', 'running', 'failed', 'workers'];
      const head = ['queue', ...counts, 'limit', 'first due (UTC)'];
      print(table(head, rows, 'There is no queue yet.'));
    });
}

function wordLimit(limit: Queue['limit']): string {
  const { concurrency, rate } = limit ?? {};
  return [
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(rate ? [`${rate.tokens} per ${rate.perMs} ms`] : []),
  ].join(', ');
}
