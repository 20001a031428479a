import { CommanderError } from 'commander';
import { readEnvFile } from './env-file.ts';
import { EXIT, reportFailure } from './exit.ts';
import { createProgram } from './program.ts';

/** Runs a command line to its end and returns the exit code. Reports errors itself. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    readEnvFile();
    const program = await createProgram(words);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error);
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  // A command that did not throw may still have set an exit code.
  return Number(process.exitCode ?? EXIT.ok);
}
