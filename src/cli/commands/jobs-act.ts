import { Argument, Command } from 'commander';
import type { Action } from '../../engine/job/lifecycle.ts';
import { HumdrumError } from '../../errors.ts';
import { cancelJob, retryJob } from '../../http/contract/jobs.ts';
import { toDurationMs, toInstant, toList, toWhole } from '../arguments.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../session.ts';
import {
  actOnMany,
  DONE,
  reasonOf,
  reasonToAct,
  type BulkFilter,
  type BulkFlags,
} from './jobs-bulk.ts';

interface ActFlags extends BulkFlags {
  type?: string[];
  queue?: string[];
  errorClass?: string;
  error?: string;
  schedule?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  all?: true;
  reason?: string;
}

const ENDPOINT = { retry: retryJob, cancel: cancelJob };

export function retryCommand(): Command {
  return actCommand('retry', 'give a failed job one more attempt, or many of them').option(
    '--over <time>',
    'spread many retries evenly over so long (90s, 10m, 2h)',
    toDurationMs,
  );
}

export function cancelCommand(): Command {
  return actCommand('cancel', 'cancel a job that is queued or failed, or many of them');
}

function actCommand(action: Action, description: string): Command {
  return new Command(action)
    .description(description)
    .addArgument(new Argument('[id]', 'the job').argParser(toWhole))
    .option('--reason <text>', 'why: it stands in the audit')
    .option('--type <type>', 'all of this type; more than one may be given', toList)
    .option('--queue <queue>', 'all of this queue; more than one may be given', toList)
    .option('--error-class <class>', 'all whose last error is of this class, like Timeout')
    .option('--error <text>', "all whose last error's message contains this")
    .option('--schedule <name>', 'all that ticks of this schedule made')
    .option('--created-after <instant>', 'all that were created later', toInstant)
    .option('--created-before <instant>', 'all that were created earlier', toInstant)
    .option('--all', 'all of them')
    .option('--dry-run', 'count many by type and error, and do nothing: so without --yes')
    .option('--yes', 'do it to many')
    .option('--json', 'for programs')
    .action(async (id: number | undefined, flags: ActFlags, command: Command) => {
      const filter = filterOf(flags);
      if (id !== undefined && filter) throw usage('Name a job, or say which ones, not both.');
      if (id !== undefined) return actOnOne(action, id, flags, command);
      if (!filter) {
        throw usage('Which job? Give its id, or say which ones: --type, --error, … or --all.');
      }
      const reason = reasonToAct(flags);
      await withClient(command, (client) =>
        actOnMany(client, action, filter, { ...flags, reason }),
      );
    });
}

async function actOnOne(
  action: Action,
  id: number,
  flags: ActFlags,
  command: Command,
): Promise<void> {
  const body = { reason: reasonOf(flags) };
  const answer = await withClient(command, (client) =>
    client.call(ENDPOINT[action], { params: { id }, body }),
  );
  if (flags.json) printJson(answer);
  else print(`Job ${id} is ${DONE[action]}.`);
}

/** Null where nothing says which jobs are meant. */
function filterOf(flags: ActFlags): BulkFilter | null {
  const { type, queue, errorClass, error, schedule, createdAfter, createdBefore } = flags;
  const given = { type, queue, errorClass, error, schedule, createdAfter, createdBefore };
  const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  return flags.all || Object.keys(filter).length > 0 ? filter : null;
}

function usage(message: string): HumdrumError {
  return new HumdrumError('input-invalid', message);
}
