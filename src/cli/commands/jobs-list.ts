import { Command } from 'commander';
import type { z } from 'zod';
import { toParams } from '../../http/contract/job-query.ts';
import { listJobs, type jobSummary } from '../../http/contract/jobs.ts';
import type { Client } from '../../http/client.ts';
import { toAtMost } from '../arguments.ts';
import { hintAtWords } from '../hint.ts';
import { print, printJson, say, second, statusCell, table, type Cell } from '../output.ts';
import { withClient } from '../session.ts';
import { addFilterFlags, type FilterFlags, queryOf } from './job-filter.ts';

type Query = z.output<typeof listJobs.query>;
type Page = z.output<typeof listJobs.answer>;
type JobSummary = z.output<typeof jobSummary>;

interface ListFlags extends FilterFlags {
  oldest?: true;
  limit: number;
  after?: string;
  json?: true;
}

/** Maximum number of pages to read for one command. */
const MOST_PAGES = 100;

export function listCommand(): Command {
  return addFilterFlags(new Command('list').description('list jobs, newest first'))
    .option('--oldest', 'oldest first')
    .option('--limit <number>', 'maximum number, up to 1000', toAtMost(1_000), 20)
    .option('--after <cursor>', 'continue after a page')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags, command: Command) => {
      const page = await withClient(command, async (client) => {
        const found = await fullPage(client, pageOf(flags));
        if (found.jobs.length === 0) await hintAtWords(client, flags);
        return found;
      });
      if (flags.json) return printJson(page);
      print(jobsTable(page.jobs));
      if (page.next !== null) say(`There are more. Add --after ${page.next}`);
    });
}

/** A page may contain fewer jobs than requested although more follow, so this reads pages until it has enough. */
export async function fullPage(client: Client, query: Query & { limit: number }): Promise<Page> {
  let page = await client.call(listJobs, { query });
  const { jobs } = page;
  for (
    let pages = 1;
    page.next !== null && jobs.length < query.limit && pages < MOST_PAGES;
    pages += 1
  ) {
    const rest = { ...query, limit: query.limit - jobs.length, after: page.next };
    page = await client.call(listJobs, { query: rest });
    jobs.push(...page.jobs);
  }
  return { jobs, next: page.next };
}

function pageOf(flags: ListFlags): Query & { limit: number } {
  const { oldest, limit, after } = flags;
  return {
    ...toParams(queryOf(flags)),
    order: oldest ? 'oldest' : 'newest',
    limit,
    ...(after !== undefined && { after }),
  };
}

const HEAD = ['id', 'type', 'status', 'attempts', 'due (UTC)', 'last error'];

function jobsTable(jobs: readonly JobSummary[]): string {
  const rows = jobs.map((job): Cell[] => [
    String(job.id),
    job.type,
    statusCell(job.status),
    `${job.attempts} of ${job.maxAttempts}`,
    second(job.runAt),
    errorOf(job),
  ]);
  return table(HEAD, rows, 'No matching jobs.');
}

/** The error of the last attempt, on one line. */
export const errorOf = ({ errorClass, errorMessage }: JobSummary): string =>
  errorClass === null ? '' : `${errorClass}: ${errorMessage ?? ''}`;
