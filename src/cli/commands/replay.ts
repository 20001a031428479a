import { readFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { toWhole } from '../arguments.ts';
import { EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { withHumdrum } from '../session.ts';
import { describePlan } from './run.ts';

export function replayCommand(): Command {
  return new Command('replay')
    .description('rehearse an attempt exported with `humdrum jobs export`, on this database')
    .addArgument(new Argument('<file>', 'the recording'))
    .option('--verbose', 'print the log and every effect')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: { verbose?: true; json?: true }, command: Command) => {
      const recording = await readRecording(file);
      const replay = await withHumdrum(command, (humdrum) => humdrum.replay(recording));
      if (flags.json) printJson(replay);
      else {
        const result = replay.same
          ? 'same as recorded'
          : `differs from the recording: ${replay.differences.join(', ')}`;
        print(
          `Replay: ${result}. Nothing was written.\n${describePlan(replay.plan, flags.verbose)}`,
        );
      }
      process.exitCode = replay.same ? EXIT.ok : EXIT.failed;
    });
}

async function readRecording(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new HumdrumError('input-invalid', `Cannot read ${file}: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

export function exportCommand(): Command {
  return new Command('export')
    .description('print a recording of an attempt, without secrets, to replay it')
    .addArgument(new Argument('<id>', 'the job').argParser(toWhole))
    .option('--attempt <number>', 'number of the attempt (default: the last)', toWhole)
    .action(async (id: number, { attempt }: { attempt?: number }, command: Command) => {
      printJson(await withHumdrum(command, (humdrum) => humdrum.exportAttempt(id, attempt)));
    });
}
