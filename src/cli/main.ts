#!/usr/bin/env node
import { EXIT } from './exit.ts';
import { runCommandLine } from './run-command-line.ts';

// `humdrum … | head` closes the output early, which is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

process.exitCode = await runCommandLine(process.argv.slice(2));
// Open handles of an interrupted command must not keep the process alive.
if (process.exitCode === EXIT.interrupted) process.exit();
