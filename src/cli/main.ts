#!/usr/bin/env node
import { CommanderError } from 'commander';
import { readEnvFile } from './env-file.ts';
import { EXIT, reportFailure } from './exit.ts';
import { createProgram } from './program.ts';

// `humdrum … | head` closes our output early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

try {
  readEnvFile();
  const program = await createProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else process.exitCode = reportFailure(error);
  // What was left behind by a command that Ctrl-C has ended must not keep the process alive.
  if (process.exitCode === EXIT.interrupted) process.exit();
}
