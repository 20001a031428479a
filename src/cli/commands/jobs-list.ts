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

/** Pages that find nothing are skipped, so many of them at most. */
const MOST_PAGES = 100;

export function listCommand(): Command {
  return new Command('list')
    .description('jobs, the newest first')
    .addOption(new Option('--status <status...>', 'only these').choices(STATUSES))
    .option('--type <type...>', 'only these')
    .option('--queue <queue...>', 'only these')
    .option(
      '--attribute <path=value>',
      'whose input has this; more than one may be given',
      toAttribute,
    )
    .option('--error-class <class>', 'whose last attempt failed with it, like Timeout')
    .option('--error <text>', "whose last error's message contains this")
    .option('--schedule <name>', 'that ticks of this schedule made')
    .option('--id <id>', 'this one; more than one may be given', toIds)
    .option('--created-after <instant>', 'created then or later', toInstant)
    .option('--created-before <instant>', 'created earlier', toInstant)
    .option('--finished-after <instant>', 'whose last attempt ended then or later', toInstant)
    .option('--finished-before <instant>', 'whose last attempt ended earlier', toInstant)
    .option('--oldest', 'the oldest first')
    .option('--limit <number>', 'how many, at most 1000', toAtMost(1_000), 20)
    .option('--after <cursor>', 'go on where a list ended')
    .option('--json', 'for programs')
    .action(async (flags: ListFlags, command: Command) => {
      const page = await withClient(command, async (client) => {
        const found = await fullPage(client, queryOf(flags));
        if (found.jobs.length === 0) await hintAtWords(client, flags);
        return found;
      });
      if (flags.json) return printJson(page);
      print(jobsTable(page.jobs));
      if (page.next !== null) say(`There are more. The next: the same with --after ${page.next}`);
    });
}

/** One page may find fewer jobs than it was asked for, though there are more. */
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
  return table(HEAD, rows, 'No such jobs.');
}

/** Of its last attempt, in one line. */
export const errorOf = ({ errorClass, errorMessage }: JobSummary): string =>
  errorClass === null ? '' : `${errorClass}: ${errorMessage ?? ''}`;

function toAttribute(text: string, before: string[] = []): string[] {
  if (/^[^=]+=/.test(text)) return [...before, text];
  throw new InvalidArgumentError('It is a path and a value, like customer.id=17.');
}

function toIds(text: string, before: number[] = []): number[] {
  return [...before, toWhole(text)];
}
