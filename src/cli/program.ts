import { Command } from 'commander';
import { alertsCommand } from './commands/alerts.ts';
import { auditCommand } from './commands/audit.ts';
import { checkCommand } from './commands/check.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { dbCommand } from './commands/db.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { enqueueCommand } from './commands/enqueue.ts';
import { historyCommand } from './commands/history.ts';
import { initCommand } from './commands/init.ts';
import { jobsCommand } from './commands/jobs.ts';
import { keysCommand } from './commands/keys.ts';
import { picksCommand } from './commands/picks.ts';
import { replayCommand } from './commands/replay.ts';
import { runCommand } from './commands/run.ts';
import { schedulesCommand } from './commands/schedules.ts';
import { serverCommand } from './commands/server.ts';
import { startCommand } from './commands/start.ts';
import { queuesCommand } from './commands/queues.ts';
import { typesCommand } from './commands/types.ts';
import { usersCommand } from './commands/users.ts';
import { workersCommand } from './commands/workers.ts';
import { workerCommand } from './commands/worker.ts';
import { nearest } from '../errors.ts';
import { version } from '../http/version.ts';

/** All commands, as commander knows them. */
export function createProgram(): Command {
  const program = new Command('humdrum')
    .description('Background jobs, boring on purpose.')
    .version(version)
    .option(
      '--database <where>',
      'postgres:// URL, or a folder for the embedded database (DATABASE_URL)',
    )
    .option(
      '--config <file>',
      'configuration file (default: humdrum.config.mjs, where there is one)',
    )
    .option('--url <address>', 'ask a running server in place of the database (HUMDRUM_URL)')
    .option('--key-file <file>', 'the file with the key for that server (or HUMDRUM_KEY)')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => write(withNearest(text.replace(/^error: /, 'humdrum: '))),
    })
    .exitOverride();
  for (const command of commands()) program.addCommand(inherit(program, command));
  program.addCommand(inherit(program, completeCommand(createProgram)), { hidden: true });
  return program;
}

function commands(): Command[] {
  return [
    initCommand(),
    demoCommand(),
    startCommand(),
    serverCommand(),
    workerCommand(),
    enqueueCommand(),
    runCommand(),
    replayCommand(),
    jobsCommand(),
    typesCommand(),
    queuesCommand(),
    workersCommand(),
    schedulesCommand(),
    historyCommand(),
    alertsCommand(),
    auditCommand(),
    keysCommand(),
    usersCommand(),
    dbCommand(),
    configCommand(),
    checkCommand(),
    doctorCommand(),
    completionCommand(),
    picksCommand(),
  ];
}

/** Commander lists what may be chosen, and tells the nearest for commands and flags only. */
function withNearest(text: string): string {
  const [, word, choices] = /'([^']*)' is invalid.* Allowed choices are (.*)\.$/m.exec(text) ?? [];
  if (word === undefined || choices === undefined) return text;
  const near = nearest(word, choices.split(', '));
  return near === null ? text : `${text.trimEnd()}\n(Did you mean ${near}?)\n`;
}

/** A command that is made on its own knows nothing of its parent's settings. */
function inherit(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
  return command;
}
