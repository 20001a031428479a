import { Command, Option } from 'commander';
import { EVENTS, type AuditEventName } from '../../engine/job/lifecycle.ts';
import { searchAudit } from '../../http/contract/audit.ts';
import type { z } from 'zod';
import type { Client } from '../../http/client.ts';
import { toAtMost, toInstant, toWhole } from '../arguments.ts';
import { instant, print, printJson, say, table } from '../output.ts';
import { withClient } from '../session.ts';

type Query = z.output<typeof searchAudit.query>;
type Found = z.output<typeof searchAudit.answer>;

interface SearchFlags {
  job?: number;
  actor?: string;
  event?: AuditEventName[];
  from?: Date;
  to?: Date;
  limit: number;
  before?: number;
  json?: true;
}

/** Pages that find nothing are skipped, so many of them at most. */
const MOST_PAGES = 100;

export function searchCommand(): Command {
  return new Command('search')
    .description('who did what to which job, when and why; the newest first')
    .option('--job <id>', 'only of this job', toWhole)
    .option('--actor <actor>', 'only by this one, like cli:ada, or user:* for all that begin so')
    .addOption(new Option('--event <event...>', 'only these').choices(Object.keys(EVENTS)))
    .option('--from <instant>', 'then or later', toInstant)
    .option('--to <instant>', 'earlier', toInstant)
    .option('--limit <number>', 'how many, at most 1000', toAtMost(1_000), 20)
    .option('--before <id>', 'go on where a page ended', toWhole)
    .option('--json', 'for programs')
    .action(async ({ json, ...query }: SearchFlags, command: Command) => {
      const found = await withClient(command, (client) => fullPage(client, query));
      if (json) return printJson(found);
      const rows = found.rows.map((row) => [
        instant(row.at),
        row.event,
        row.jobId === null ? '' : String(row.jobId),
        row.attempt === null ? '' : String(row.attempt),
        row.actor,
        row.reason ?? '',
      ]);
      const head = ['at (UTC)', 'event', 'job', 'attempt', 'by', 'reason'];
      print(table(head, rows, 'Nothing is recorded.'));
      if (found.next !== null) say(`There is more. The same with --before ${found.next}`);
    });
}

/** One page may find fewer rows than it was asked for, though there are more. */
async function fullPage(client: Client, query: Query & { limit: number }): Promise<Found> {
  let { rows, next } = await client.call(searchAudit, { query });
  for (
    let pages = 1;
    next !== null && rows.length < query.limit && pages < MOST_PAGES;
    pages += 1
  ) {
    const rest = { ...query, limit: query.limit - rows.length, before: next };
    const page = await client.call(searchAudit, { query: rest });
    rows = [...rows, ...page.rows];
    ({ next } = page);
  }
  return { rows, next };
}
