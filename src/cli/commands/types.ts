import { Argument, Command } from 'commander';
import type { z } from 'zod';
import { didYouMean, HumdrumError } from '../../errors.ts';
import { listTypes, type jobType } from '../../http/contract/types.ts';
import { duration, facts, print, printJson, table } from '../output.ts';
import { withClient } from '../session.ts';

type JobType = z.output<typeof jobType>;

export function typesCommand(): Command {
  return new Command('types')
    .description('list job types, or show one in detail')
    .addArgument(new Argument('[type]', 'the job type, such as picks.settle-games'))
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json }: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listTypes));
      if (name !== undefined) {
        const type = find(answer.types, name);
        if (json) printJson(type);
        else print(describe(type));
      } else if (json) printJson(answer);
      else print(typesTable(answer.types));
    });
}

/** Errors: `type-unknown`, with the closest name. */
function find(types: readonly JobType[], name: string): JobType {
  const found = types.find(({ type, aliases }) => type === name || aliases.includes(name));
  if (found) return found;
  const names = types.map(({ type }) => type);
  throw new HumdrumError(
    'type-unknown',
    `There is no job type "${name}".${didYouMean(name, names)}`,
  );
}

function typesTable(types: readonly JobType[]): string {
  const rows = types.map(({ type, queue, schedule, retry, timeoutMs, description }) => [
    type,
    queue,
    schedule?.words ?? '',
    retry.attempts,
    timeoutMs === null ? '' : duration(timeoutMs),
    description,
  ]);
  const head = ['type', 'queue', 'schedule', 'attempts', 'time limit', 'description'];
  return table(head, rows, 'No job types are defined.');
}

function describe(type: JobType): string {
  const { schedule, retry, timeoutMs, inputSchema } = type;
  const list = (words: readonly string[]): string | null => words.join(', ') || null;
  return facts([
    ['type', type.type],
    ['description', type.description || null],
    ['queue', type.queue],
    ['schedule', schedule && `${schedule.cron} ${schedule.timeZone}: ${schedule.words}`],
    ['retry', `${retry.attempts} attempts, ${retry.backoff} from ${duration(retry.delayMs)}`],
    ['time limit', timeoutMs === null ? null : duration(timeoutMs)],
    ['atomic', type.atomic ? 'yes' : 'no'],
    ['aliases', list(type.aliases)],
    ['attributes', list(type.attributes)],
    ['secrets', list(type.secrets)],
    ['input', inputSchema && JSON.stringify(inputSchema, null, 2)],
  ]);
}
