#!/usr/bin/env node
import { EXIT } from './exit.ts';
import { runCommandLine } from './run-command-line.ts';

// `humdrum … | head` closes our output early: that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

process.exitCode = await runCommandLine(process.argv.slice(2));
// What was left behind by a command that Ctrl-C has ended must not keep the process alive.
if (process.exitCode === EXIT.interrupted) process.exit();
