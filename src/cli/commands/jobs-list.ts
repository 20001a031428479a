import { Command, InvalidArgumentError, Option } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import type { JobPage, JobSummary } from '../../engine/list-jobs.ts';
import type { PageOptions } from '../../engine/list-filter.ts';
import { STATUSES, type Status } from '../../engine/lifecycle.ts';
import { toInstant, toWhole } from '../arguments.ts';
import { oneLine, print, printJson, say, second, statusWord, table } from '../output.ts';
import { withHumdrum } from '../session.ts';

interface ListFlags {
  id?: number[];
  status?: Status[];
  type?: string[];
  queue?: string[];
  attribute?: Record<string, string>;
  errorClass?: string;
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
    .option('--schedule <name>', 'that ticks of this schedule made')
    .option('--id <id>', 'this one; more than one may be given', toIds)
    .option('--created-after <instant>', 'created then or later', toInstant)
    .option('--created-before <instant>', 'created earlier', toInstant)
    .option('--finished-after <instant>', 'whose last attempt ended then or later', toInstant)
    .option('--finished-before <instant>', 'whose last attempt ended earlier', toInstant)
    .option('--oldest', 'the oldest first')
    .option('--limit <number>', 'how many, at most 1000', toWhole, 20)
    .option('--after <cursor>', 'go on where a list ended')
    .option('--json', 'for programs')
    .action(async (flags: ListFlags, command: Command) => {
      const page = await withHumdrum(command, (humdrum) => fullPage(humdrum, optionsOf(flags)));
      if (flags.json) return printJson(page);
      print(jobsTable(page.jobs));
      if (page.next !== null) say(`There are more. The next: the same with --after ${page.next}`);
    });
}

/** One page may find fewer jobs than it was asked for, though there are more. */
async function fullPage(
  humdrum: Humdrum,
  options: PageOptions & { limit: number },
): Promise<JobPage> {
  let page = await humdrum.pageOfJobs(options);
  const { jobs } = page;
  for (
    let pages = 1;
    page.next !== null && jobs.length < options.limit && pages < MOST_PAGES;
    pages += 1
  ) {
    page = await humdrum.pageOfJobs({
      ...options,
      limit: options.limit - jobs.length,
      after: page.next,
    });
    jobs.push(...page.jobs);
  }
  return { jobs, next: page.next };
}

function optionsOf(flags: ListFlags): PageOptions & { limit: number } {
  const { id, status, type, queue, attribute, errorClass, schedule, limit, after } = flags;
  const given = {
    ids: id,
    status,
    type,
    queue,
    attributes: attribute,
    errorClass,
    schedule,
    createdFrom: flags.createdAfter,
    createdTo: flags.createdBefore,
    finishedFrom: flags.finishedAfter,
    finishedTo: flags.finishedBefore,
    after,
  };
  const filled = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(filled) as PageOptions),
    limit,
    order: flags.oldest ? 'oldest' : 'newest',
  };
}

const HEAD = ['id', 'type', 'status', 'attempts', 'due (UTC)', 'last error'];
/** Of a line, that all columns but the last have. */
const NARROWEST = 12;

function jobsTable(jobs: readonly JobSummary[]): string {
  const rows = jobs.map((job) => [
    String(job.id),
    job.type,
    job.status,
    `${job.attempts} of ${job.maxAttempts}`,
    second(job.runAt),
  ]);
  const widths = HEAD.slice(0, -1).map((word, at) =>
    Math.max(word.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const taken = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max((process.stdout.columns ?? 80) - taken, NARROWEST);
  const lines = jobs.map((job, at) => [
    ...(rows[at] ?? []).with(2, statusWord(job.status)),
    oneLine(errorOf(job), room),
  ]);
  return table(HEAD, lines, 'No such jobs.');
}

const errorOf = ({ errorClass, errorMessage }: JobSummary): string =>
  errorClass === null ? '' : `${errorClass}: ${errorMessage ?? ''}`;

function toAttribute(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path !== undefined && value !== undefined) return { ...before, [path]: value };
  throw new InvalidArgumentError('It is a path and a value, like customer.id=17.');
}

function toIds(text: string, before: number[] = []): number[] {
  return [...before, toWhole(text)];
}
