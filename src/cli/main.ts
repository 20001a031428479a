#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { historyCommand } from './commands/history.ts';
import { jobsCommand } from './commands/jobs.ts';
import { migrateCommand } from './commands/migrate.ts';
import { picksCommand } from './commands/picks.ts';
import { replayCommand } from './commands/replay.ts';
import { runCommand } from './commands/run.ts';
import { schedulesCommand } from './commands/schedules.ts';
import { startCommand } from './commands/start.ts';
import { workerCommand } from './commands/worker.ts';
import { EXIT, reportFailure } from './exit.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const program = new Command('humdrum')
  .description('Background jobs, boring on purpose.')
  .version(version)
  .option(
    '--database <where>',
    'postgres:// URL, or a folder for the embedded database (DATABASE_URL)',
  )
  .option('--config <file>', 'configuration file (default: humdrum.config.mjs, where there is one)')
  .showSuggestionAfterError()
  .exitOverride();

// `humdrum … | head` closes our output early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

const commands = [
  startCommand(),
  workerCommand(),
  runCommand(),
  replayCommand(),
  jobsCommand(),
  schedulesCommand(),
  historyCommand(),
  auditCommand(),
  migrateCommand(),
  picksCommand(),
];
for (const command of commands) program.addCommand(inherit(program, command));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else process.exitCode = reportFailure(error);
}

/** A command that is made on its own knows nothing of its parent's settings. */
function inherit(parent: Command, command: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
  return command;
}
