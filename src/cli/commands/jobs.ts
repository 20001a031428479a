import { Argument, Command } from 'commander';
import type { AttemptRecord, JobDetail } from '../../engine/history.ts';
import { toWhole } from '../arguments.ts';
import { auditTable } from './audit.ts';
import { listCommand } from './jobs-list.ts';
import { statsCommand } from './jobs-stats.ts';
import { cancelCommand, retryCommand } from './jobs-act.ts';
import { exportCommand } from './replay.ts';
import { duration, facts, instant, oneLine, print, printJson, statusWord } from '../output.ts';
import { withHumdrum } from '../session.ts';

export function jobsCommand(): Command {
  const jobs = new Command('jobs').description('look at jobs, retry and cancel them');
  jobs.addCommand(listCommand());
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
    .description('one job with all that is recorded of it')
    .addArgument(new Argument('<id>', 'the job').argParser(toWhole))
    .option('--json', 'for programs')
    .action(async (id: number, options: { json?: true }, command: Command) => {
      const job = await withHumdrum(command, (humdrum) => humdrum.showJob(id));
      if (options.json) printJson(job);
      else print(describeJob(job));
    });
}

function whyCommand(): Command {
  return new Command('why')
    .description('what a job waits for, or how it ended, in one sentence')
    .addArgument(new Argument('<id>', 'the job').argParser(toWhole))
    .option('--json', 'for programs')
    .action(async (id: number, options: { json?: true }, command: Command) => {
      const standing = await withHumdrum(command, (humdrum) => humdrum.why(id));
      if (options.json) printJson(standing);
      else print(`Job ${id} is ${statusWord(standing.status)}. ${standing.why}`);
    });
}

function describeJob(job: JobDetail): string {
  const parts = [
    facts([
      ['job', String(job.id)],
      ['type', job.type],
      ['status', statusWord(job.status)],
      ['you may', job.actions.join(', ') || null],
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
  if (job.effects.length > 0) parts.push(`effects\n${describeEffects(job.effects)}`);
  return [...parts, `audit\n${auditTable(job.audit)}`].join('\n\n');
}

function describeAttempt(attempt: AttemptRecord): string {
  const { startedAt, finishedAt } = attempt;
  return facts([
    [`attempt ${attempt.number}`, statusWord(attempt.status)],
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

function describeEffects(effects: JobDetail['effects']): string {
  const byName = new Map<string, number>();
  for (const { name } of effects) byName.set(name, (byName.get(name) ?? 0) + 1);
  return [...byName].map(([name, times]) => `${times} × ${name}`).join('\n');
}
