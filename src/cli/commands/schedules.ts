import { Argument, Command } from 'commander';
import type { z } from 'zod';
import { isDryRunSet } from '../../engine/base/dry-run.ts';
import { backfillSchedule, listSchedules, upcomingTicks } from '../../http/contract/schedules.ts';
import { toAtMost, toInstant } from '../arguments.ts';
import { colors } from '../colors.ts';
import { EXIT } from '../exit.ts';
import { count, instant, painted, print, printJson, table, type Cell } from '../output.ts';
import { withClient } from '../session.ts';

export function schedulesCommand(): Command {
  const schedules = new Command('schedules').description('list and backfill schedules');
  schedules.addCommand(listCommand());
  schedules.addCommand(nextCommand());
  schedules.addCommand(backfillCommand());
  return schedules;
}

function listCommand(): Command {
  return new Command('list')
    .description('list all schedules')
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listSchedules));
      if (options.json) return printJson(answer);
      const rows = answer.schedules.map(({ schedule, cron, words, timeZone, nextAt }) => [
        schedule,
        cron,
        words,
        timeZone,
        nextAt ? instant(nextAt) : 'never',
      ]);
      const head = ['schedule', 'cron', 'in words', 'zone', 'next (UTC)'];
      print(table(head, rows, 'No job type has a schedule.'));
    });
}

function typeArgument(): Argument {
  return new Argument('<type>', 'the job type, such as picks.settle-games');
}

function nextCommand(): Command {
  return new Command('next')
    .description('show the next ticks of a schedule')
    .addArgument(typeArgument())
    .option('--count <number>', 'maximum number, up to 1000', toAtMost(1_000), 10)
    .option('--json', 'print JSON')
    .action(async (type: string, options: { count: number; json?: true }, command: Command) => {
      const answer = await withClient(command, (client) =>
        client.call(upcomingTicks, { params: { type }, query: { count: options.count } }),
      );
      if (options.json) printJson(answer);
      else print(answer.ticks.map((tick) => `${instant(tick)} UTC`).join('\n') || 'No ticks.');
    });
}

interface BackfillFlags {
  from: Date;
  to: Date;
  limit?: number;
  dryRun?: true;
  reason?: string;
  json?: true;
}

function backfillCommand(): Command {
  return new Command('backfill')
    .description('create the jobs of past ticks that have none')
    .addArgument(typeArgument())
    .requiredOption('--from <instant>', 'start of the range, inclusive (ISO 8601)', toInstant)
    .requiredOption('--to <instant>', 'end of the range, inclusive (ISO 8601)', toInstant)
    .option('--limit <number>', 'maximum number of ticks, oldest first', toAtMost(10_000))
    .option('--dry-run', 'rehearse the first ten and create no jobs (JOB_DRY_RUN=1)')
    .option('--reason <text>', 'the reason, recorded in the audit log')
    .option('--json', 'print JSON')
    .action(async (type: string, { json, ...flags }: BackfillFlags, command: Command) => {
      const dryRun = flags.dryRun ?? isDryRunSet();
      const made = await withClient(command, (client) =>
        client.call(backfillSchedule, { params: { type }, body: { ...flags, dryRun } }),
      );
      if (json) printJson(made);
      else print(dryRun ? describeRehearsal(type, made) : describeBackfill(made));
      if (made.plans.some(({ error }) => error)) process.exitCode = EXIT.jobFailed;
    });
}

type Backfill = z.output<typeof backfillSchedule.answer>;

const NOTHING_OPEN = 'Every tick in this range already has a job.';

function describeBackfill({ ticks, jobs }: Backfill): string {
  if (ticks.length === 0) return NOTHING_OPEN;
  return `Created ${count(jobs.length)} jobs, ${rangeOf(ticks)}.`;
}

function describeRehearsal(type: string, { ticks, plans }: Backfill): string {
  if (ticks.length === 0) return NOTHING_OPEN;
  const head = `${colors.bold('Dry run')} of ${type}: ${count(ticks.length)} ticks have no job, ${rangeOf(ticks)}. Nothing was written.`;
  const rows = plans.map((plan) => [
    instant(new Date(plan.at)),
    plan.tables.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0),
    plan.effects.length,
    outcomeOf(plan),
  ]);
  return `${head}\n${table(['tick (UTC)', 'rows', 'effects', 'outcome'], rows, '')}`;
}

function outcomeOf({ error, result }: Backfill['plans'][number]): Cell {
  return error ? painted(`${error.class}: ${error.message}`, colors.red) : JSON.stringify(result);
}

function rangeOf(ticks: readonly Date[]): string {
  const [first] = ticks;
  const last = ticks.at(-1);
  return first && last ? `from ${instant(first)} to ${instant(last)} UTC` : '';
}
