import { Command } from 'commander';
import { nextTick } from '../../engine/schedule/cron.ts';
import { describeCron } from '../../engine/schedule/describe-cron.ts';
import { Humdrum } from '../../engine/humdrum.ts';
import type { JobType, ScheduledType, ScheduleRule } from '../../engine/job/job-type.ts';
import { gatesOf, limitsOf } from '../../engine/job/limit-rule.ts';
import { errorMessage } from '../../errors.ts';
import { closedDatabase } from '../closed-database.ts';
import { colors } from '../colors.ts';
import { type GlobalFlags, readSetting } from '../config.ts';
import { checkLog, checkSecrets } from '../doctor/process.ts';
import { optionsOf } from '../engine-options.ts';
import { EXIT } from '../exit.ts';
import { painted, print, printJson, say, table } from '../output.ts';

interface Checked {
  type: string;
  queue: string;
  /** Description of the schedule, or null. */
  schedule: string | null;
  /** Problems, as sentences. */
  faults: string[];
}

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'check job types, schedules, limits, keys and the log settings, without a database',
    )
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
      const options = optionsOf(setting);
      // The constructor refuses what a start would refuse.
      const humdrum = new Humdrum(closedDatabase, options, false);
      const { types } = humdrum;
      const limits = limitsOf(options);
      const checked = await Promise.all(
        types.all().map(async (type) => ({
          type: type.type,
          queue: type.queue,
          schedule: type.schedule && describeSchedule(type.schedule),
          faults: await faultsOf(type, types.scheduled.get(type.type), limits),
        })),
      );
      const problems = [checkSecrets({ humdrum, options }), ...checkLog()]
        .filter(({ level }) => level === 'problem')
        .map(({ says, fix }) => `${says} ${fix ?? ''}`.trim());
      const ok = problems.length === 0 && checked.every(({ faults }) => faults.length === 0);
      if (json) printJson({ ok, config: setting.file, types: checked, problems });
      else report(checked, problems, setting.file);
      process.exitCode = ok ? EXIT.ok : EXIT.failed;
    });
}

async function faultsOf(
  type: JobType,
  scheduled: ScheduledType | undefined,
  limits: ReturnType<typeof limitsOf>,
): Promise<string[]> {
  const faults: string[] = [];
  let input: unknown;
  try {
    input = await type.parse({});
  } catch (error) {
    if (scheduled) {
      faults.push(`A tick provides no input, but the schema requires one. ${errorMessage(error)}`);
    }
    return faults;
  }
  try {
    if (scheduled && !nextTick(scheduled.schedule, new Date()))
      faults.push(`Its schedule "${scheduled.schedule.cron}" never fires again.`);
  } catch (error) {
    faults.push(errorMessage(error));
  }
  try {
    gatesOf(type.limits(input), limits);
  } catch (error) {
    faults.push(errorMessage(error));
  }
  return faults;
}

function describeSchedule({ cron, timeZone }: Required<ScheduleRule>): string {
  try {
    return `${describeCron(cron)}, ${timeZone}`;
  } catch {
    return cron; // It is invalid, which is among the faults.
  }
}

function report(
  checked: readonly Checked[],
  problems: readonly string[],
  file: string | null,
): void {
  const rows = checked.map(({ type, queue, schedule, faults }) => [
    type,
    queue,
    schedule ?? '',
    faults.length === 0 ? painted('ok', colors.green) : painted(faults.join(' '), colors.red),
  ]);
  print(table(['type', 'queue', 'schedule', 'result'], rows, 'No job types are defined.'));
  const faulty = checked.filter((one) => one.faults.length > 0);
  for (const { type, faults } of faulty) say(`humdrum: ${type}: ${faults.join(' ')}`);
  for (const problem of problems) say(`humdrum: ${problem}`);
  if (faulty.length + problems.length === 0)
    say(`${file ?? 'Default configuration (no file)'}: no problems found.`);
}
