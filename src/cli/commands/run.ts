import { Argument, Command } from 'commander';
import type { z } from 'zod';
import { isDryRunSet } from '../../engine/base/dry-run.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import type { RunReport } from '../../engine/worker/run-now.ts';
import { rehearseType } from '../../http/contract/types.ts';
import type { Client } from '../../http/client.ts';
import { toInstant, toWhole } from '../arguments.ts';
import { colors } from '../colors.ts';
import { EXIT } from '../exit.ts';
import { count, duration, facts, painted, print, printJson } from '../output.ts';
import { INPUT_HELP, readInput } from '../read-input.ts';
import { withClient, withHumdrum } from '../session.ts';

type Plan = z.output<typeof rehearseType.answer>;

interface RunFlags {
  input?: string;
  at?: Date;
  dryRun?: true;
  ifPlan?: string;
  verbose?: true;
  limit?: number;
  json?: true;
}

export function runCommand(): Command {
  return new Command('run')
    .description('enqueue a job and run it in this process')
    .addArgument(new Argument('<type>', 'the job type, such as picks.settle-games'))
    .option('--input <json>', INPUT_HELP)
    .option(
      '--at <instant>',
      'the time that the handler sees as now (ISO 8601; default: now)',
      toInstant,
    )
    .option('--limit <number>', 'sets "limit" in the input', toWhole)
    .option('--dry-run', 'rehearse: show what it would do, and roll back (JOB_DRY_RUN=1)')
    .option('--if-plan <hash>', 'keep the changes only if they match this plan of a dry run')
    .option('--verbose', 'print the log and every effect')
    .option('--json', 'print JSON')
    .action(async (type: string, flags: RunFlags, command: Command) => {
      const input = await inputOf(flags);
      const dryRun = flags.dryRun ?? isDryRunSet();
      process.exitCode = dryRun
        ? await withClient(command, (client) => rehearse(client, { type, input }, flags))
        : await withHumdrum(command, (humdrum) => run(humdrum, { type, input }, flags));
    });
}

interface Asked {
  type: string;
  input: unknown;
}

async function inputOf({ input: given, limit }: RunFlags): Promise<unknown> {
  const input = (await readInput(given)) ?? {};
  return limit === undefined ? input : { ...Object(input), limit };
}

async function rehearse(
  client: Client,
  { type, input }: Asked,
  { at, ...flags }: RunFlags,
): Promise<number> {
  const plan = await client.call(rehearseType, { params: { type }, body: { input, at } });
  if (flags.json) printJson({ dryRun: true, ...summary(plan), plan });
  else {
    print(
      `${colors.bold('Dry run')} of ${type}: nothing was written.\n${describePlan(plan, flags.verbose)}`,
    );
  }
  return plan.error ? EXIT.jobFailed : EXIT.ok;
}

async function run(
  humdrum: Humdrum,
  { type, input }: Asked,
  { at, ifPlan, ...flags }: RunFlags,
): Promise<number> {
  const options = { ...(at ? { at } : {}), ...(ifPlan === undefined ? {} : { ifPlan }) };
  const report = await humdrum.run(type, input, options);
  if (flags.json) printJson(runJson(report));
  else {
    const rest = report.succeeded ? '' : await whatFollows(humdrum, report.jobId);
    print(describeRun(type, report, { verbose: flags.verbose, rest }));
  }
  return report.succeeded ? EXIT.ok : EXIT.jobFailed;
}

/** After a failed attempt. */
async function whatFollows(humdrum: Humdrum, id: number): Promise<string> {
  const { status, attempts, maxAttempts } = await humdrum.showJob(id);
  const next = status === 'queued' ? 'a worker will retry it' : 'no attempts are left';
  return ` That was attempt ${attempts} of ${maxAttempts}; ${next}.`;
}

function runJson(report: RunReport): object {
  const { plan, outcome } = report;
  const failure = 'error' in outcome.ended ? outcome.ended.error : null;
  const fields = summary({
    result: 'result' in outcome.ended ? outcome.ended.result : null,
    error: failure,
    durationMs: outcome.durationMs,
  });
  return { dryRun: false, jobId: report.jobId, ...fields, plan };
}

/** Takes `message`, `affected` and `details` from the result if the handler returns them. Otherwise `details` is the result. */
function summary({
  result,
  error,
  durationMs,
}: Pick<Plan, 'result' | 'error' | 'durationMs'>): object {
  const fields = fieldsOf(result) ?? {};
  return {
    success: error === null,
    message: error ? `${error.class}: ${error.message}` : (fields['message'] ?? ''),
    affected: fields['affected'] ?? null,
    durationMs: Math.round(durationMs),
    details: fields['details'] ?? result,
  };
}

function describeRun(
  type: string,
  report: RunReport,
  { verbose = false, rest }: { verbose: boolean | undefined; rest: string },
): string {
  const { outcome, plan } = report;
  const word = report.succeeded ? colors.green('completed') : colors.red('failed');
  const head = `Job ${report.jobId}, ${type}: ${word} in ${duration(outcome.durationMs)}.${rest}`;
  if (plan) return `${head}\n${describePlan(plan, verbose)}`;
  return `${head}\n${facts([['result', 'result' in outcome.ended ? describeResult(outcome.ended.result) : null]])}`;
}

export function describePlan(plan: Plan, verbose = false): string {
  return facts([
    ['rows', plan.tables.map(describeTable).join('\n') || (plan.error ? null : 'no rows changed')],
    ['effects', describeEffects(plan, verbose)],
    ['result', plan.error ? null : describeResult(plan.result)],
    [
      'error',
      plan.error ? painted(`${plan.error.class}: ${plan.error.message}`, colors.red) : null,
    ],
    [
      'log',
      verbose
        ? plan.log
            .map(({ message, fields }) => `${message} ${fields ? JSON.stringify(fields) : ''}`)
            .join('\n')
        : null,
    ],
    ['as of', plan.at],
    ['plan', plan.hash],
  ]);
}

function describeTable({ table, inserted, updated, deleted }: Plan['tables'][number]): string {
  const changes = Object.entries({ inserted, updated, deleted })
    .filter(([, rows]) => rows > 0)
    .map(([verb, rows]) => `${count(rows)} ${verb}`);
  return `${table}: ${changes.join(', ')}`;
}

function describeEffects({ effects }: Plan, verbose: boolean): string {
  if (effects.length === 0) return 'none';
  if (verbose)
    return effects
      .map(({ kind, name, data }) => `${kind} ${name} ${JSON.stringify(data)}`)
      .join('\n');
  const byName = new Map<string, number>();
  for (const { kind, name } of effects)
    byName.set(`${kind} ${name}`, (byName.get(`${kind} ${name}`) ?? 0) + 1);
  return [...byName].map(([name, times]) => `${count(times)} × ${name}`).join('\n');
}

/** The handler's own message if it returns one, then the rest of the result. */
function describeResult(result: unknown): string {
  const { message, ...rest } = fieldsOf(result) ?? {};
  if (typeof message !== 'string') return JSON.stringify(result);
  return Object.keys(rest).length === 0 ? message : `${message}\n${JSON.stringify(rest)}`;
}

/** Null if the result is not an object. */
function fieldsOf(result: unknown): Record<string, unknown> | null {
  return typeof result === 'object' && result !== null && !Array.isArray(result)
    ? (result as Record<string, unknown>)
    : null;
}
