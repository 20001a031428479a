import { dryRunRefusal, isDryRunSet } from '../engine/base/dry-run.ts';

/** For a command that a server may carry out: the server does not know the mode of this process. Errors: `dry-run`. */
export function refuseDryRun(what: string): void {
  if (isDryRunSet()) throw dryRunRefusal(what);
}
