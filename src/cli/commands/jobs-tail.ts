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

/** Jobs created, attempts ended, and operators' actions. */
const EVENTS = ['created', 'completed', 'failed', 'rescued', 'retried', 'cancelled'] as const;
/** Jobs per request: their ids must fit into a URL. */
const PAGE = 200;
/** Number of jobs whose last printed state is remembered. */
const MOST_KNOWN = 20_000;

export function tailCommand(): Command {
  return new Command('tail')
    .description('follow jobs: print a line for each new job and each attempt that ends')
    .option('--type <type...>', 'only these types')
    .option('--queue <queue...>', 'only these queues')
    .addOption(
      new Option('--lines <number>', 'first print this many of the newest jobs')
        .argParser(toAtMost(PAGE))
        .default(10),
    )
    .option('--json', 'print JSON lines')
    .action(async ({ lines, json, ...which }: TailFlags, command: Command) => {
      const printJob = json ? printJsonLine : (job: JobSummary) => print(lineOf(job));
      await withClient(command, async (client) => follow(new Tail(client, which, printJob), lines));
    });
}

async function follow(tail: Tail, lines: number): Promise<never> {
  const news = followChanges(tail.client, {
    query: { event: [...EVENTS] },
    onTrouble: ({ message }) => say(`humdrum: ${plain(message)} Reconnecting.`),
  });
  let hasBegun = false;
  for (;;) {
    const { value } = await news.next();
    if (value.kind === 'changes') await tail.printChanged(value.changes);
    if (value.kind === 'reset')
      say('humdrum: Some changes were missed: too many happened at once.');
    // Begins after `ready`, so that no change between the first list and the stream is missed.
    if (value.kind !== 'changes' && !hasBegun) await tail.begin(lines);
    hasBegun = true;
  }
}

/** Prints jobs, and skips those whose state has not changed since they were last printed. */
class Tail {
  readonly client: Client;
  readonly #which: Query;
  readonly #print: (job: JobSummary) => void;
  readonly #printed = new Map<number, string>();

  constructor(client: Client, which: Query, printJob: (job: JobSummary) => void) {
    this.client = client;
    this.#which = which;
    this.#print = printJob;
  }

  async begin(lines: number): Promise<void> {
    for (const job of (await this.#page({ limit: lines })).toReversed()) this.#printIfNew(job);
  }

  /** Prints the current state of the jobs in these changes. */
  async printChanged(changes: readonly Change[]): Promise<void> {
    const ids = [...new Set(changes.flatMap(({ jobId }) => jobId ?? []))];
    for (let from = 0; from < ids.length; from += PAGE) {
      const some = ids.slice(from, from + PAGE);
      const jobs = new Map(
        (await this.#page({ id: some, limit: PAGE })).map((job) => [job.id, job]),
      );
      for (const id of some) this.#printIfNew(jobs.get(id));
    }
  }

  async #page(query: Query & { limit: number }): Promise<JobSummary[]> {
    return (await fullPage(this.client, { ...this.#which, ...query })).jobs;
  }

  #printIfNew(job: JobSummary | undefined): void {
    if (!job) return;
    const state = `${job.status} ${job.attempts}`;
    if (this.#printed.get(job.id) === state) return;
    this.#printed.delete(job.id);
    this.#printed.set(job.id, state);
    const [oldest] = this.#printed.keys();
    if (this.#printed.size > MOST_KNOWN && oldest !== undefined) this.#printed.delete(oldest);
    this.#print(job);
  }
}

function lineOf(job: JobSummary): string {
  const at = second(job.finishedAt ?? job.createdAt);
  const done = `${job.attempts} of ${job.maxAttempts}`;
  const error = oneLine(plain(errorOf(job)), 200);
  return `${at}  ${job.id}  ${job.type}  ${statusWord(job.status)}  ${done}  ${error}`.trimEnd();
}
