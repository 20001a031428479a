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

/** Maximum number of pages to read for one command. */
const MOST_PAGES = 100;

export function searchCommand(): Command {
  return new Command('search')
    .description('search the audit log, newest first')
    .option('--job <id>', 'only this job', toWhole)
    .option('--actor <actor>', 'only this actor, such as cli:ada, or a prefix such as user:*')
    .addOption(new Option('--event <event...>', 'only these events').choices(Object.keys(EVENTS)))
    .option('--from <instant>', 'at or after this time', toInstant)
    .option('--to <instant>', 'before this time', toInstant)
    .option('--limit <number>', 'maximum number, up to 1000', toAtMost(1_000), 20)
    .option('--before <id>', 'continue after a page', toWhole)
    .option('--json', 'print JSON')
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
      print(table(head, rows, 'No entries.'));
      if (found.next !== null) say(`There are more. Add --before ${found.next}`);
    });
}

/** A page may contain fewer rows than requested although more follow, so this reads pages until it has enough. */
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
