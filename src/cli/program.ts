import { Command } from 'commander';
import { completeCommand } from './commands/completion.ts';
import { nearest } from '../errors.ts';
import { version } from '../http/version.ts';

type Load = () => Promise<Command>;

/** Each command is loaded on demand, without the modules of the others. */
const COMMANDS = new Map<string, Load>([
  ['init', async () => (await import('./commands/init.ts')).initCommand()],
  ['demo', async () => (await import('./commands/demo.ts')).demoCommand()],
  ['start', async () => (await import('./commands/start.ts')).startCommand()],
  ['server', async () => (await import('./commands/server.ts')).serverCommand()],
  ['worker', async () => (await import('./commands/worker.ts')).workerCommand()],
  ['enqueue', async () => (await import('./commands/enqueue.ts')).enqueueCommand()],
  ['run', async () => (await import('./commands/run.ts')).runCommand()],
  ['replay', async () => (await import('./commands/replay.ts')).replayCommand()],
  ['jobs', async () => (await import('./commands/jobs.ts')).jobsCommand()],
  ['types', async () => (await import('./commands/types.ts')).typesCommand()],
  ['queues', async () => (await import('./commands/queues.ts')).queuesCommand()],
  ['workers', async () => (await import('./commands/workers.ts')).workersCommand()],
  ['schedules', async () => (await import('./commands/schedules.ts')).schedulesCommand()],
  ['history', async () => (await import('./commands/history.ts')).historyCommand()],
  ['alerts', async () => (await import('./commands/alerts.ts')).alertsCommand()],
  ['audit', async () => (await import('./commands/audit.ts')).auditCommand()],
  ['keys', async () => (await import('./commands/keys.ts')).keysCommand()],
  ['users', async () => (await import('./commands/users.ts')).usersCommand()],
  ['db', async () => (await import('./commands/db.ts')).dbCommand()],
  ['config', async () => (await import('./commands/config.ts')).configCommand()],
  ['check', async () => (await import('./commands/check.ts')).checkCommand()],
  ['doctor', async () => (await import('./commands/doctor.ts')).doctorCommand()],
  ['completion', async () => (await import('./commands/completion.ts')).completionCommand()],
  ['picks', async () => (await import('./commands/picks.ts')).picksCommand()],
]);

/** Creates the command-line parser with all commands, or only the one that `words` name. Errors: `CommanderError`. */
export async function createProgram(words: readonly string[] = []): Promise<Command> {
  const program = bareProgram();
  program.configureOutput({
    outputError: (text, write) =>
      write(inPlainWords(withNearest(withCommand(text.replace(/^error: /, 'humdrum: '), program)))),
  });
  const [name = ''] = bareProgram().parseOptions([...words]).operands;
  const named = COMMANDS.get(name);
  const loads = named ? [named] : [...COMMANDS.values()];
  for (const command of await Promise.all(loads.map((load) => load()))) {
    program.addCommand(inherit(program, command));
  }
  program.addCommand(inherit(program, completeCommand(createProgram)), { hidden: true });
  return program;
}

function bareProgram(): Command {
  return new Command('humdrum')
    .description('Background jobs, boring on purpose.')
    .version(version)
    .option(
      '--database <where>',
      'postgres:// URL or folder of the embedded database (DATABASE_URL)',
    )
    .option('--config <file>', 'configuration file (default: humdrum.config.mjs if it exists)')
    .option('--url <address>', 'use a running server instead of a database (HUMDRUM_URL)')
    .option('--key-file <file>', 'file with the API key for the server (or HUMDRUM_KEY)')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride();
}

/** What other tools call a command. */
const OTHER_WORDS: Readonly<Record<string, string>> = { cron: 'schedules', ps: 'workers' };

/** For `humdrum migrate`, suggests `db migrate`. Commander suggests only commands that look similar. */
function withCommand(text: string, program: Command): string {
  const [, word = ''] = /unknown command '([^']*)'/.exec(text) ?? [];
  const deeper = program.commands.flatMap((command) =>
    command.commands.some((child) => child.name() === word) ? [`${command.name()} ${word}`] : [],
  );
  const other = Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined;
  const meant = other === undefined ? deeper : [other];
  if (meant.length === 0) return text;
  return `humdrum: unknown command '${word}'\n(Did you mean ${meant.join(' or ')}?)\n`;
}

/** Adds a suggestion for values. Commander suggests only commands and flags. */
function withNearest(text: string): string {
  const [, word, choices] = /'([^']*)' is invalid.* Allowed choices are (.*)\.$/m.exec(text) ?? [];
  if (word === undefined || choices === undefined) return text;
  const near = nearest(word, choices.split(', '));
  return near === null ? text : `${text.trimEnd()}\n(Did you mean ${near}?)\n`;
}

/** Commander calls an argument `command-argument value 'x' is invalid for argument 'id'`. */
function inPlainWords(text: string): string {
  return text.replace(
    /command-argument value '([^']*)' is invalid for argument '(\w+)'\./,
    "'$1' is not a valid $2.",
  );
}

/** Commands created separately do not inherit their parent's settings by themselves. */
function inherit(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
  return command;
}
