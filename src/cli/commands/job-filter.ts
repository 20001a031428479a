import { type Command, InvalidArgumentError, Option } from 'commander';
import { STATUSES, type Status } from '../../engine/job/lifecycle.ts';
import { fromParams, type JobQueryJson } from '../../http/contract/job-query.ts';
import { toInstant, toWhole } from '../arguments.ts';
import { say } from '../output.ts';

/** The flags that say which jobs: the same for lists and bulk acts. */
export interface FilterFlags {
  id?: number[];
  status?: Status[];
  type?: string[];
  queue?: string[];
  attribute?: string[];
  errorClass?: string;
  error?: string;
  schedule?: string;
  createdFrom?: Date;
  createdTo?: Date;
  finishedFrom?: Date;
  finishedTo?: Date;
  createdAfter?: Date;
  createdBefore?: Date;
  finishedAfter?: Date;
  finishedBefore?: Date;
}

/** Flags that had another name before. They still work. */
const RENAMED = [
  ['created-after', 'created-from'],
  ['created-before', 'created-to'],
  ['finished-after', 'finished-from'],
  ['finished-before', 'finished-to'],
] as const;

export function addFilterFlags(command: Command): Command {
  command
    .addOption(new Option('--status <status...>', 'with one of these statuses').choices(STATUSES))
    .option('--type <type...>', 'of one of these types')
    .option('--queue <queue...>', 'in one of these queues')
    .option(
      '--attribute <path=value>',
      'whose input has this value; may be given more than once',
      toAttribute,
    )
    .option('--error-class <class>', 'whose last attempt failed with this class, such as Timeout')
    .option('--error <text>', "whose last error's message contains this")
    .option('--schedule <name>', 'made by ticks of this schedule')
    .option('--id <id>', 'this job; may be given more than once', toIds)
    .option('--created-from <instant>', 'created then or later', toInstant)
    .option('--created-to <instant>', 'created earlier', toInstant)
    .option('--finished-from <instant>', 'whose last attempt ended then or later', toInstant)
    .option('--finished-to <instant>', 'whose last attempt ended earlier', toInstant);
  for (const [old, name] of RENAMED) {
    command.addOption(
      new Option(`--${old} <instant>`).hideHelp().argParser((text) => {
        say(`humdrum: --${old} is now --${name}.`);
        return toInstant(text);
      }),
    );
  }
  return command;
}

/** The query that the flags ask for, and nothing of the other flags. */
export function queryOf(flags: FilterFlags): JobQueryJson {
  const { id, status, type, queue, attribute, errorClass, error, schedule } = flags;
  const asked = {
    id,
    status,
    type,
    queue,
    attribute,
    errorClass,
    error,
    schedule,
    createdFrom: flags.createdFrom ?? flags.createdAfter,
    createdTo: flags.createdTo ?? flags.createdBefore,
    finishedFrom: flags.finishedFrom ?? flags.finishedAfter,
    finishedTo: flags.finishedTo ?? flags.finishedBefore,
  };
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  return fromParams(Object.fromEntries(given));
}

function toAttribute(text: string, before: string[] = []): string[] {
  if (/^[^=]+=/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected a path and a value, such as customer.id=17.');
}

function toIds(text: string, before: number[] = []): number[] {
  return [...before, toWhole(text)];
}
