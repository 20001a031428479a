import { readFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { toWhole } from '../arguments.ts';
import { EXIT } from '../exit.ts';
import { facts, print, printJson } from '../output.ts';
import { withHumdrum } from '../session.ts';
import { describePlan } from './run.ts';

type Replay = Awaited<ReturnType<Humdrum['replay']>>;
type Recording = Awaited<ReturnType<Humdrum['exportAttempt']>>;

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
          `Replay: ${result}. Nothing was written.\n${describePlan(replay.plan, flags.verbose)}${recordedText(recording, replay)}`,
        );
      }
      process.exitCode = replay.same ? EXIT.ok : EXIT.failed;
    });
}

/** The recorded side of each difference. */
function recordedText(recording: unknown, { differences }: Replay): string {
  const { ended, effects } = recording as Recording; // `replay` has checked it.
  const recorded: Record<string, string> = {
    result: 'result' in ended ? JSON.stringify(ended.result) : 'none',
    error: 'error' in ended ? `${ended.error.class}: ${ended.error.message}` : 'none',
    effects:
      effects
        ?.map(({ kind, name, data }) => `${kind} ${name} ${JSON.stringify(data)}`)
        .join('\n') || 'none',
  };
  const rows = differences.map((name): [string, string] => [name, recorded[name] ?? 'none']);
  return rows.length === 0 ? '' : `\n\nRecorded:\n${facts(rows)}`;
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
