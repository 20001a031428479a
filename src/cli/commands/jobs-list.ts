import { Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { STATUSES, type Status } from '../../engine/job/lifecycle.ts';
import { listJobs, type jobSummary } from '../../http/contract/jobs.ts';
import type { Client } from '../../http/client.ts';
import { toAtMost, toInstant, toWhole } from '../arguments.ts';
import { hintAtWords } from '../hint.ts';
import { print, printJson, say, second, statusCell, table, type Cell } from '../output.ts';
import { withClient } from '../session.ts';

type Query = z.output<typeof listJobs.query>;
type Page = z.output<typeof listJobs.answer>;
type JobSummary = z.output<typeof jobSummary>;

interface ListFlags {
  id?: number[];
  status?: Status[];
  type?: string[];
  queue?: string[];
  attribute?: string[];
  errorClass?: string;
  error?: string;
  schedule?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  finishedAfter?: Date;
  finishedBefore?: Date;
  oldest?: true;
  limit: number;
  after?: string;
  json?: true;
}

/** Maximum number of pages to read for one command. */
const MOST_PAGES = 100;

export function listCommand(): Command {
  return new Command('list')
    .description('list jobs, newest first')
    .addOption(new Option('--status <status...>', 'only these statuses').choices(STATUSES))
    .option('--type <type...>', 'only these types')
    .option('--queue <queue...>', 'only these queues')
    .option(
      '--attribute <path=value>',
      'only jobs with this value in their input; repeatable',
      toAttribute,
    )
    .option('--error-class <class>', 'only jobs whose last error has this class, such as Timeout')
    .option('--error <text>', 'only jobs whose last error message contains this text')
    .option('--schedule <name>', 'only jobs of this schedule')
    .option('--id <id>', 'only this job; repeatable', toIds)
    .option('--created-after <instant>', 'created at or after this time', toInstant)
    .option('--created-before <instant>', 'created before this time', toInstant)
    .option('--finished-after <instant>', 'last attempt ended at or after this time', toInstant)
    .option('--finished-before <instant>', 'last attempt ended before this time', toInstant)
    .option('--oldest', 'oldest first')
    .option('--limit <number>', 'maximum number, up to 1000', toAtMost(1_000), 20)
    .option('--after <cursor>', 'continue after a page')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags, command: Command) => {
      const page = await withClient(command, async (client) => {
        const found = await fullPage(client, queryOf(flags));
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

function queryOf(flags: ListFlags): Query & { limit: number } {
  const {
    createdAfter,
    createdBefore,
    finishedAfter,
    finishedBefore,
    oldest,
    json: _json,
    ...same
  } = flags;
  return {
    ...same,
    ...(createdAfter && { createdFrom: createdAfter }),
    ...(createdBefore && { createdTo: createdBefore }),
    ...(finishedAfter && { finishedFrom: finishedAfter }),
    ...(finishedBefore && { finishedTo: finishedBefore }),
    order: oldest ? 'oldest' : 'newest',
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

function toAttribute(text: string, before: string[] = []): string[] {
  if (/^[^=]+=/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected a path and a value, such as customer.id=17.');
}

function toIds(text: string, before: number[] = []): number[] {
  return [...before, toWhole(text)];
}
