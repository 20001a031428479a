import { Argument, Command } from 'commander';
import { type Action, statusesAllowing } from '../../engine/job/lifecycle.ts';
import { HumdrumError } from '../../errors.ts';
import type { JobQueryJson } from '../../http/contract/job-query.ts';
import { cancelJob, retryJob } from '../../http/contract/jobs.ts';
import { toDurationUpTo, toWhole } from '../arguments.ts';
import { refuseDryRun } from '../dry-run.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../session.ts';
import { addFilterFlags, type FilterFlags, queryOf } from './job-filter.ts';
import { actOnMany, DONE, reasonOf, reasonToAct, type BulkFlags } from './jobs-bulk.ts';

interface ActFlags extends BulkFlags, FilterFlags {
  all?: true;
  reason?: string;
}

const ENDPOINT = { retry: retryJob, cancel: cancelJob };

export function retryCommand(): Command {
  return actCommand('retry', 'retry one or more failed jobs, with one more attempt each').option(
    '--over <time>',
    'spread the retries evenly over this time (90s, 10m, 2h; at most 7d)',
    toDurationUpTo('7d'),
  );
}

export function cancelCommand(): Command {
  return actCommand('cancel', 'cancel one or more queued or failed jobs');
}

function actCommand(action: Action, description: string): Command {
  const one = new Command(action)
    .description(description)
    .addArgument(new Argument('[id]', 'the job').argParser(toWhole))
    .option('--reason <text>', 'the reason, recorded in the audit log');
  return addFilterFlags(one)
    .option('--all', 'all jobs in a status that allows it')
    .option('--dry-run', 'only count the jobs by type and error (the default without --yes)')
    .option('--yes', 'change all these jobs')
    .option('--json', 'print JSON')
    .action(async (id: number | undefined, flags: ActFlags, command: Command) => {
      const query = bulkQueryOf(action, flags);
      if (id !== undefined && query) throw usage('Give either a job id or filters, not both.');
      if (id !== undefined) return actOnOne(action, id, flags, command);
      if (!query) {
        throw usage('Give a job id, or a filter such as --type, --error or --all.');
      }
      const reason = reasonToAct(flags);
      if (reason !== null) refuseDryRun(`${action} jobs`);
      await withClient(command, (client) => actOnMany(client, action, query, { ...flags, reason }));
    });
}

async function actOnOne(
  action: Action,
  id: number,
  flags: ActFlags,
  command: Command,
): Promise<void> {
  refuseDryRun(`${action} jobs`);
  const body = { reason: reasonOf(flags) };
  const answer = await withClient(command, (client) =>
    client.call(ENDPOINT[action], { params: { id }, body }),
  );
  if (flags.json) printJson(answer);
  else print(`Job ${id} is ${DONE[action]}.`);
}

/** Null if no filter is given. */
function bulkQueryOf(action: Action, flags: ActFlags): JobQueryJson | null {
  const query = queryOf(flags);
  if (flags.all) return { status: statusesAllowing(action), ...query };
  return Object.keys(query).length > 0 ? query : null;
}

function usage(message: string): HumdrumError {
  return new HumdrumError('input-invalid', message);
}
