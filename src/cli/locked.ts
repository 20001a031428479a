import type { Command } from 'commander';
import { HumdrumError } from '../errors.ts';

/**
 * The error of a locked database names the server that has it open, for `--url`. For a command that cannot use a server, this
 * replaces the advice by one that works.
 */
export function withoutServer(error: unknown, command: Command): unknown {
  if (!(error instanceof HumdrumError) || error.code !== 'database-locked') return error;
  const message = error.message.replace(
    /Use it through --url (\S+), or stop it/,
    (_, url: string) =>
      command.name() === 'run'
        ? `To run the job on that server: humdrum enqueue TYPE --wait --url ${url}. Or stop it first`
        : 'This command cannot use a running server, so stop it first',
  );
  return new HumdrumError('database-locked', message, { cause: error });
}
