import { Argument, Command } from 'commander';
import type { z } from 'zod';
import { showJob, whyJob } from '../../http/contract/jobs.ts';
import { toWhole } from '../arguments.ts';
import { auditTable } from './audit.ts';
import { colors } from '../colors.ts';
import { listCommand } from './jobs-list.ts';
import { statsCommand } from './jobs-stats.ts';
import { cancelCommand, retryCommand } from './jobs-act.ts';
import { exportCommand } from './replay.ts';
import { tailCommand } from './jobs-tail.ts';
import {
  duration,
  facts,
  instant,
  oneLine,
  painted,
  plain,
  print,
  printJson,
  statusCell,
  statusWord,
} from '../output.ts';
import { withClient } from '../session.ts';

export type Job = z.output<typeof showJob.answer>;

export function jobsCommand(): Command {
  const jobs = new Command('jobs').description('list, inspect, retry and cancel jobs');
  jobs.addCommand(listCommand());
  jobs.addCommand(tailCommand());
  jobs.addCommand(statsCommand());
  jobs.addCommand(showCommand());
  jobs.addCommand(whyCommand());
  jobs.addCommand(exportCommand());
  jobs.addCommand(retryCommand());
  jobs.addCommand(cancelCommand());
  return jobs;
}

function showCommand(): Command {
  return new Command('show')
    .description('show a job with its attempts, effects and audit log')
    .addArgument(new Argument('<id>', 'the job').argParser(toWhole))
    .option('--json', 'print JSON')
    .action(async (id: number, options: { json?: true }, command: Command) => {
      const job = await withClient(command, (client) => client.call(showJob, { params: { id } }));
      if (options.json) printJson(job);
      else print(describeJob(job));
    });
}

function whyCommand(): Command {
  return new Command('why')
    .description('explain in one sentence what a job waits for or how it ended')
    .addArgument(new Argument('<id>', 'the job').argParser(toWhole))
    .option('--json', 'print JSON')
    .action(async (id: number, options: { json?: true }, command: Command) => {
      const standing = await withClient(command, (client) =>
        client.call(whyJob, { params: { id } }),
      );
      if (options.json) printJson(standing);
      else print(describeStanding(id, standing));
    });
}

/** What a queued job waits for does not say that it is queued. The other sentences say the status themselves. */
function describeStanding(id: number, { status, why }: z.output<typeof whyJob.answer>): string {
  if (status === 'queued') return `Job ${id} is ${statusWord(status)}. ${plain(why)}`;
  return plain(why.replace(/^It\b/, `Job ${id}`));
}

function describeJob(job: Job): string {
  const parts = [
    facts([
      ['job', String(job.id)],
      ['type', job.type],
      ['status', statusCell(job.status)],
      ['allowed', job.actions.join(', ') || null],
      ['queue', job.queue],
      ['input', JSON.stringify(job.input)],
      ['created', `${instant(job.createdAt)} UTC`],
      ['due', `${instant(job.runAt)} UTC`],
      [
        'as of',
        `${instant(job.asOf)} UTC${job.schedule === null ? '' : ', a tick of its schedule'}`,
      ],
    ]),
    ...job.attemptRecords.map(describeAttempt),
  ];
  if (job.losses.length > 0) parts.push(`not counted\n${describeLosses(job.losses)}`);
  if (job.effects.length > 0) parts.push(`effects\n${describeEffects(job.effects)}`);
  return [...parts, `audit\n${auditTable(job.audit)}`].join('\n\n');
}

function describeAttempt(attempt: Job['attemptRecords'][number]): string {
  const { startedAt, finishedAt } = attempt;
  return facts([
    [painted(`attempt ${attempt.number}`, colors.bold), statusCell(attempt.status)],
    ['worker', attempt.worker],
    [
      'started',
      `${instant(startedAt)} UTC, took ${duration(finishedAt.getTime() - startedAt.getTime())}`,
    ],
    ['result', attempt.result === null ? null : oneLine(JSON.stringify(attempt.result), 200)],
    [
      'error',
      attempt.errorClass === null
        ? null
        : (attempt.errorStack ?? `${attempt.errorClass}: ${attempt.errorMessage ?? ''}`),
    ],
    [
      'log',
      attempt.log
        ?.map(({ message, fields }) => `${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`)
        .join('\n') ?? null,
    ],
  ]);
}

function describeLosses(losses: Job['losses']): string {
  return losses
    .map(({ attempt, at, reason }) => `attempt ${attempt}, ${instant(at)} UTC: ${plain(reason)}`)
    .join('\n');
}

function describeEffects(effects: Job['effects']): string {
  const byName = new Map<string, number>();
  for (const { name } of effects) byName.set(name, (byName.get(name) ?? 0) + 1);
  return [...byName].map(([name, times]) => `${times} × ${plain(name)}`).join('\n');
}
