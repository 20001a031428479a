import { CommanderError } from 'commander';
import { readEnvFile } from './env-file.ts';
import { EXIT, reportFailure } from './exit.ts';
import { createProgram } from './program.ts';

/** Runs what these words say, to its end, and answers the exit code. What goes wrong has been told by then. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    readEnvFile();
    const program = await createProgram(words);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error);
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  // A command that has ended well may have set one all the same.
  return Number(process.exitCode ?? EXIT.ok);
}
