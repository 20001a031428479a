import { Command } from 'commander';
import type { z } from 'zod';
import { listQueues } from '../../http/contract/queues.ts';
import { print, printJson, second, table } from '../output.ts';
import { withClient } from '../session.ts';

type Queue = z.output<typeof listQueues.answer>['queues'][number];

export function queuesCommand(): Command {
  return new Command('queues')
    .description('list queues with their job counts and workers')
    .option('--json', 'print JSON')
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
        describeLimit(one.limit),
        one.waitingSince ? second(one.waitingSince) : '',
      ]);
      const counts = ['ready', 'later', 'parked', 'running', 'failed', 'workers'];
      const head = ['queue', ...counts, 'limit', 'first due (UTC)'];
      print(table(head, rows, 'No queues yet.'));
    });
}

function describeLimit(limit: Queue['limit']): string {
  const { concurrency, rate } = limit ?? {};
  return [
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(rate ? [`${rate.tokens} per ${rate.perMs} ms`] : []),
  ].join(', ');
}
