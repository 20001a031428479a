import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { z } from 'zod';
import { listJobs, type jobSummary } from '../../http/contract/jobs.ts';
import type { Client } from '../../http/client.ts';
import { toAtMost } from '../arguments.ts';
import { oneLine, plain, print, printJsonLine, second, statusWord } from '../output.ts';
import { withClient } from '../session.ts';
import { errorOf } from './jobs-list.ts';

type JobSummary = z.output<typeof jobSummary>;
type Query = z.output<typeof listJobs.query>;

interface TailFlags {
  type?: string[];
  queue?: string[];
  lines: number;
  json?: true;
}

const POLL_MS = 1_000;
/** At most so many jobs are told of in one look: nobody reads more. */
const PAGE = 200;
/** What ends is committed a little after the time that it says. */
const LATE_MS = 10_000;

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
      await withClient(command, (client) => follow(new Tail(client, which), lines, tell));
    });
}

async function follow(tail: Tail, lines: number, tell: (job: JobSummary) => void): Promise<never> {
  for (const job of await tail.begin(lines)) tell(job);
  for (;;) {
    await sleep(POLL_MS);
    for (const job of await tail.look()) tell(job);
  }
}

/** Knows what has been told: a job in another state is news. */
class Tail {
  readonly #client: Client;
  readonly #which: Query;
  readonly #told = new Map<number, { state: string; atMs: number }>();
  #newest = 0;
  #lastMs = -Infinity;

  constructor(client: Client, which: Query) {
    this.#client = client;
    this.#which = which;
  }

  async begin(lines: number): Promise<JobSummary[]> {
    const jobs = this.#news(await this.#page({}));
    this.#news(await this.#ended());
    return jobs.slice(0, lines).toReversed();
  }

  async look(): Promise<JobSummary[]> {
    const news = this.#news([...(await this.#page({})), ...(await this.#ended())]);
    this.#forget();
    return news.toSorted((one, other) => one.id - other.id);
  }

  async #ended(): Promise<JobSummary[]> {
    if (this.#lastMs === -Infinity) return [];
    return this.#page({ finishedFrom: new Date(this.#lastMs - LATE_MS) });
  }

  async #page(query: Query): Promise<JobSummary[]> {
    const asked = { ...this.#which, ...query, limit: PAGE };
    return (await this.#client.call(listJobs, { query: asked })).jobs;
  }

  #news(jobs: readonly JobSummary[]): JobSummary[] {
    return jobs.filter((job) => {
      const state = `${job.status} ${job.attempts}`;
      if (this.#told.get(job.id)?.state === state) return false;
      const atMs = (job.finishedAt ?? job.createdAt).getTime();
      this.#told.set(job.id, { state, atMs });
      this.#newest = Math.max(this.#newest, job.id);
      this.#lastMs = Math.max(this.#lastMs, atMs);
      return true;
    });
  }

  /** What no look will find again. */
  #forget(): void {
    for (const [id, { atMs }] of this.#told) {
      if (id < this.#newest - 2 * PAGE && atMs < this.#lastMs - LATE_MS) this.#told.delete(id);
    }
  }
}

function lineOf(job: JobSummary): string {
  const at = second(job.finishedAt ?? job.createdAt);
  const done = `${job.attempts} of ${job.maxAttempts}`;
  const error = oneLine(plain(errorOf(job)), 200);
  return `${at}  ${job.id}  ${job.type}  ${statusWord(job.status)}  ${done}  ${error}`.trimEnd();
}
