import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, Command, Option } from 'commander';
import type { z } from 'zod';
import { isFolder } from '../../database/open.ts';
import { HumdrumError } from '../../errors.ts';
import { enqueueJob, showJob } from '../../http/contract/jobs.ts';
import type { Client } from '../../http/client.ts';
import { toDurationMs, toInstant, toPriority } from '../arguments.ts';
import { readSetting, type GlobalFlags } from '../config.ts';
import { refuseDryRun } from '../dry-run.ts';
import { EXIT } from '../exit.ts';
import { plain, print, printJson, say } from '../output.ts';
import { INPUT_HELP, readInput } from '../read-input.ts';
import { serverAddress } from '../server-address.ts';
import { withClient } from '../session.ts';

type Job = z.output<typeof showJob.answer>;

interface EnqueueFlags {
  input?: string;
  runAt?: Date;
  delay?: number;
  priority?: number;
  unique?: string;
  uniqueFor?: number;
  wait?: true;
  timeout: number;
  json?: true;
}

/** Interval between checks of a job, short at first because most jobs are short. */
const POLL_MS = { least: 50, most: 1_000, grow: 1.5 };

export function enqueueCommand(): Command {
  return new Command('enqueue')
    .description('enqueue a job for a worker to run')
    .addArgument(new Argument('<type>', 'the job type, such as picks.settle-games'))
    .option('--input <json>', INPUT_HELP)
    .option('--run-at <instant>', 'when it is due (ISO 8601; default: now)', toInstant)
    .option('--delay <time>', 'due after this time, such as 90s, 10m, 2h', toDurationMs)
    .option('--priority <number>', '-1000 to 1000; lower runs first', toPriority)
    .option('--unique <key>', 'enqueue nothing while a job with this key is open')
    .option('--unique-for <time>', 'nor for this time after that job was enqueued', toDurationMs)
    .option('--wait', 'wait for the job and print its result')
    .addOption(
      new Option('--timeout <time>', 'how long to wait')
        .argParser(toDurationMs)
        .default(600_000, '10m'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWith --wait, exits with 7 if the job failed or was cancelled, and with 8 on timeout.',
    )
    .action(async (type: string, flags: EnqueueFlags, command: Command) => {
      refuseDryRun('enqueue jobs');
      if (flags.wait) await refuseWaitWithoutWorker(command);
      const input = await readInput(flags.input);
      process.exitCode = await withClient(command, async (client) => {
        const { runAt, delay: delayMs, priority } = flags;
        const body = { type, input, runAt, delayMs, priority, unique: uniqueOf(flags) };
        const { id, created } = await client.call(enqueueJob, { body });
        if (!flags.wait) {
          if (flags.json) printJson({ id, created });
          else print(created ? `Job ${id} is queued.` : already(id));
          return EXIT.ok;
        }
        say(created ? `Job ${id} is queued. Waiting for it to end.` : already(id));
        return report(await ended(client, id, flags.timeout), flags);
      });
    });
}

/** Errors: `input-invalid`. */
function uniqueOf({
  unique: key,
  uniqueFor: forMs,
}: EnqueueFlags): { key: string; forMs?: number } | undefined {
  if (key !== undefined) return { key, ...(forMs !== undefined && { forMs }) };
  if (forMs === undefined) return undefined;
  throw new HumdrumError('input-invalid', '--unique-for needs a key: add --unique KEY.');
}

const already = (id: number): string =>
  `Nothing was enqueued: job ${id} has the same key and is still open.`;

/** While this process has the embedded database open, no worker can run the job. */
async function refuseWaitWithoutWorker(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags>();
  if (await serverAddress(flags)) return;
  const { database } = await readSetting(flags);
  if (!isFolder(database)) return;
  throw new HumdrumError(
    'config-invalid',
    'No worker can run the job while this command has the embedded database open. Run it here with: humdrum run TYPE. Or name a running server with --url.',
  );
}

/** Errors: `timed-out`. */
async function ended(client: Client, id: number, timeoutMs: number): Promise<Job> {
  const untilMs = performance.now() + timeoutMs;
  let waitMs = POLL_MS.least;
  for (;;) {
    const job = await client.call(showJob, { params: { id } });
    if (job.status !== 'queued' && job.status !== 'running') return job;
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0) {
      throw new HumdrumError(
        'timed-out',
        `Job ${id} is still ${job.status}. It remains open. See: humdrum jobs why ${id}`,
      );
    }
    await sleep(Math.min(waitMs, leftMs));
    waitMs = Math.min(waitMs * POLL_MS.grow, POLL_MS.most);
  }
}

/** Prints the result to standard output and errors to standard error. Returns the exit code. */
function report(job: Job, { json }: EnqueueFlags): number {
  const last = job.attemptRecords.at(-1);
  if (json) printJson(job);
  else if (job.status === 'completed') printJson(last?.result ?? null);
  if (job.status === 'completed') return EXIT.ok;
  const why = job.errorClass === null ? '' : ` ${job.errorClass}: ${job.errorMessage ?? ''}`;
  say(`humdrum: Job ${job.id} is ${job.status}.${plain(why)}`);
  return EXIT.jobFailed;
}
