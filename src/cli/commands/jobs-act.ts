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
  return actCommand('retry', 'retry one or more failed jobs, with one more attempt each').option(
    '--over <time>',
    'spread the retries evenly over this time (90s, 10m, 2h)',
    toDurationMs,
  );
}

export function cancelCommand(): Command {
  return actCommand('cancel', 'cancel one or more queued or failed jobs');
}

function actCommand(action: Action, description: string): Command {
  return new Command(action)
    .description(description)
    .addArgument(new Argument('[id]', 'the job').argParser(toWhole))
    .option('--reason <text>', 'the reason, recorded in the audit log')
    .option('--type <type>', 'all jobs of this type; repeatable', toList)
    .option('--queue <queue>', 'all jobs of this queue; repeatable', toList)
    .option('--error-class <class>', 'all jobs whose last error has this class, such as Timeout')
    .option('--error <text>', 'all jobs whose last error message contains this text')
    .option('--schedule <name>', 'all jobs of this schedule')
    .option('--created-after <instant>', 'all jobs created after this time', toInstant)
    .option('--created-before <instant>', 'all jobs created before this time', toInstant)
    .option('--all', 'all jobs')
    .option('--dry-run', 'only count the jobs by type and error (the default without --yes)')
    .option('--yes', 'change all these jobs')
    .option('--json', 'print JSON')
    .action(async (id: number | undefined, flags: ActFlags, command: Command) => {
      const filter = filterOf(flags);
      if (id !== undefined && filter) throw usage('Give either a job id or a filter, not both.');
      if (id !== undefined) return actOnOne(action, id, flags, command);
      if (!filter) {
        throw usage('Give a job id, or a filter such as --type, --error or --all.');
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

/** Null if no filter is given. */
function filterOf(flags: ActFlags): BulkFilter | null {
  const { type, queue, errorClass, error, schedule, createdAfter, createdBefore } = flags;
  const given = { type, queue, errorClass, error, schedule, createdAfter, createdBefore };
  const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  return flags.all || Object.keys(filter).length > 0 ? filter : null;
}

function usage(message: string): HumdrumError {
  return new HumdrumError('input-invalid', message);
}
