import { Command, Option } from 'commander';
import type { z } from 'zod';
import type { Client } from '../../http/client.ts';
import type { jobSummary, listJobs } from '../../http/contract/jobs.ts';
import { followChanges, type Change } from '../../http/events/follow.ts';
import { toAtMost } from '../arguments.ts';
import { oneLine, plain, print, printJsonLine, say, second, statusWord } from '../output.ts';
import { withClient } from '../session.ts';
import { errorOf, fullPage } from './jobs-list.ts';

type JobSummary = z.output<typeof jobSummary>;
type Query = z.output<typeof listJobs.query>;

interface TailFlags {
  type?: string[];
  queue?: string[];
  lines: number;
  json?: true;
}

/** Made, ended, and moved by people. */
const EVENTS = ['created', 'completed', 'failed', 'rescued', 'retried', 'cancelled'] as const;
/** So many jobs are looked up at once: their ids must fit into an address. */
const PAGE = 200;
/** Of so many jobs it is known what was told of them last. */
const MOST_KNOWN = 20_000;

export function tailCommand(): Command {
  return new Command('tail')
    .description('follow jobs: a line for each that is made, and for each attempt that ends')
    .option('--type <type...>', 'only these')
    .option('--queue <queue...>', 'only these')
    .addOption(
      new Option('--lines <number>', 'begin with so many of the newest jobs')
        .argParser(toAtMost(PAGE))
        .default(10),
    )
    .option('--json', 'a line of JSON for each')
    .action(async ({ lines, json, ...which }: TailFlags, command: Command) => {
      const tell = json ? printJsonLine : (job: JobSummary) => print(lineOf(job));
      await withClient(command, async (client) => follow(new Tail(client, which, tell), lines));
    });
}

async function follow(tail: Tail, lines: number): Promise<never> {
  const news = followChanges(tail.client, {
    query: { event: [...EVENTS] },
    onTrouble: ({ message }) => say(`humdrum: ${plain(message)} Trying again.`),
  });
  let hasBegun = false;
  for (;;) {
    const { value } = await news.next();
    if (value.kind === 'changes') await tail.look(value.changes);
    if (value.kind === 'reset') say('humdrum: More has happened than could be followed.');
    // What happens while the newest are looked for comes after them.
    if (value.kind !== 'changes' && !hasBegun) await tail.begin(lines);
    hasBegun = true;
  }
}

/** Knows what has been told: a job in another state is news. */
class Tail {
  readonly client: Client;
  readonly #which: Query;
  readonly #tell: (job: JobSummary) => void;
  readonly #told = new Map<number, string>();

  constructor(client: Client, which: Query, tell: (job: JobSummary) => void) {
    this.client = client;
    this.#which = which;
    this.#tell = tell;
  }

  async begin(lines: number): Promise<void> {
    for (const job of (await this.#page({ limit: lines })).toReversed()) this.#tellNews(job);
  }

  /** Tells of the jobs that these changes are of, as they are now. */
  async look(changes: readonly Change[]): Promise<void> {
    const ids = [...new Set(changes.flatMap(({ jobId }) => jobId ?? []))];
    for (let from = 0; from < ids.length; from += PAGE) {
      const some = ids.slice(from, from + PAGE);
      const jobs = new Map(
        (await this.#page({ id: some, limit: PAGE })).map((job) => [job.id, job]),
      );
      for (const id of some) this.#tellNews(jobs.get(id));
    }
  }

  async #page(query: Query & { limit: number }): Promise<JobSummary[]> {
    return (await fullPage(this.client, { ...this.#which, ...query })).jobs;
  }

  #tellNews(job: JobSummary | undefined): void {
    if (!job) return;
    const state = `${job.status} ${job.attempts}`;
    if (this.#told.get(job.id) === state) return;
    this.#told.delete(job.id);
    this.#told.set(job.id, state);
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_KNOWN && oldest !== undefined) this.#told.delete(oldest);
    this.#tell(job);
  }
}

function lineOf(job: JobSummary): string {
  const at = second(job.finishedAt ?? job.createdAt);
  const done = `${job.attempts} of ${job.maxAttempts}`;
  const error = oneLine(plain(errorOf(job)), 200);
  return `${at}  ${job.id}  ${job.type}  ${statusWord(job.status)}  ${done}  ${error}`.trimEnd();
}
