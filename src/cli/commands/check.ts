import { Command } from 'commander';
import { nextTick } from '../../engine/schedule/cron.ts';
import { describeCron } from '../../engine/schedule/describe-cron.ts';
import { Humdrum } from '../../engine/humdrum.ts';
import type { JobType, ScheduledType } from '../../engine/job/job-type.ts';
import { gatesOf, limitsOf } from '../../engine/job/limit-rule.ts';
import { errorMessage } from '../../errors.ts';
import { closedDatabase } from '../closed-database.ts';
import { colors } from '../colors.ts';
import { type GlobalFlags, readSetting } from '../config.ts';
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
      'check job types, schedules, limits and keys in the configuration, without a database',
    )
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
      const options = optionsOf(setting);
      // The constructor refuses what a start would refuse.
      const { types } = new Humdrum(closedDatabase, options, false);
      const limits = limitsOf(options);
      const checked = await Promise.all(
        types.all().map(async (type) => ({
          type: type.type,
          queue: type.queue,
          schedule:
            type.schedule && `${describeCron(type.schedule.cron)}, ${type.schedule.timeZone}`,
          faults: await faultsOf(type, types.scheduled.get(type.type), limits),
        })),
      );
      const faulty = checked.filter(({ faults }) => faults.length > 0);
      if (json) printJson({ ok: faulty.length === 0, config: setting.file, types: checked });
      else report(checked, setting.file);
      process.exitCode = faulty.length > 0 ? EXIT.failed : EXIT.ok;
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
  if (scheduled && !nextTick(scheduled.schedule, new Date())) {
    faults.push(`Its schedule "${scheduled.schedule.cron}" never fires again.`);
  }
  try {
    gatesOf(type.limits(input), limits);
  } catch (error) {
    faults.push(errorMessage(error));
  }
  return faults;
}

function report(checked: readonly Checked[], file: string | null): void {
  const rows = checked.map(({ type, queue, schedule, faults }) => [
    type,
    queue,
    schedule ?? '',
    faults.length === 0 ? painted('ok', colors.green) : painted(faults.join(' '), colors.red),
  ]);
  print(table(['type', 'queue', 'schedule', 'result'], rows, 'No job types are defined.'));
  const faulty = checked.filter((one) => one.faults.length > 0);
  for (const { type, faults } of faulty) say(`humdrum: ${type}: ${faults.join(' ')}`);
  if (faulty.length === 0) say(`${file ?? 'Default configuration (no file)'}: no problems found.`);
}
