import { Argument, Command } from 'commander';
import type { JobFilter } from '../../engine/bulk.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import type { Action } from '../../engine/lifecycle.ts';
import { HumdrumError } from '../../errors.ts';
import { cancelJob, retryJob } from '../../http/contract/jobs.ts';
import { toDurationMs, toInstant, toWhole } from '../arguments.ts';
import { count, print, printJson, say } from '../output.ts';
import { withClient, withHumdrum } from '../session.ts';

interface ActFlags extends JobFilter {
  all?: true;
  over?: number;
  reason?: string;
  yes?: true;
  json?: true;
}

const ENDPOINT = { retry: retryJob, cancel: cancelJob };
const DONE: Record<Action, string> = { retry: 'retried', cancel: 'cancelled' };

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
    .option('--type <type>', 'all of this type')
    .option('--queue <queue>', 'all of this queue')
    .option('--error-class <class>', 'all whose last error is of this class, like Timeout')
    .option('--error <text>', "all whose last error's message contains this")
    .option('--created-after <instant>', 'all that were created later', toInstant)
    .option('--created-before <instant>', 'all that were created earlier', toInstant)
    .option('--all', 'all of them')
    .option('--yes', 'act: without it, many are only counted')
    .option('--json', 'for programs')
    .action(async (id: number | undefined, flags: ActFlags, command: Command) => {
      const filter = filterOf(flags);
      if (id === undefined) return actOnMany(action, filter, flags, command);
      if (filter) throw usage('Name a job, or say which ones, not both.');
      const reason = reasonOf(flags);
      const answer = await withClient(command, (client) =>
        client.call(ENDPOINT[action], { params: { id }, body: { reason } }),
      );
      if (flags.json) printJson(answer);
      else print(`Job ${id} is ${DONE[action]}.`);
    });
}

async function actOnMany(
  action: Action,
  filter: JobFilter | null,
  flags: ActFlags,
  command: Command,
): Promise<void> {
  if (!filter) {
    throw usage(`Which job? Give its id, or say which ones: --type, --error, … or --all.`);
  }
  await withHumdrum(command, async (humdrum) => {
    const matching = await humdrum.countFor(action, filter);
    const jobs = `${count(matching)} ${matching === 1 ? 'job' : 'jobs'}`;
    if (!flags.yes) {
      print(`${jobs} would be ${DONE[action]}. To do it, add: --yes --reason TEXT`);
      return;
    }
    const done = await act(humdrum, action, filter, flags);
    print(`${count(done)} of ${jobs} ${done === 1 ? 'is' : 'are'} ${DONE[action]}.`);
  });
}

async function act(
  humdrum: Humdrum,
  action: Action,
  filter: JobFilter,
  flags: ActFlags,
): Promise<number> {
  const by = {
    reason: reasonOf(flags),
    onProgress: (done: number) => say(`${count(done)} ${DONE[action]}`),
  };
  if (action === 'cancel') return humdrum.cancelAll(filter, by);
  return humdrum.retryAll(filter, { ...by, ...(flags.over ? { overMs: flags.over } : {}) });
}

/** Null where nothing says which jobs are meant. */
function filterOf(flags: ActFlags): JobFilter | null {
  const { type, queue, errorClass, error, createdAfter, createdBefore } = flags;
  const given = { type, queue, errorClass, error, createdAfter, createdBefore };
  const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  return flags.all || Object.keys(filter).length > 0 ? filter : null;
}

function reasonOf({ reason }: ActFlags): string {
  if (reason?.trim()) return reason;
  throw usage('Say why, with --reason TEXT: it stands in the audit of each job.');
}

function usage(message: string): HumdrumError {
  return new HumdrumError('input-invalid', message);
}
