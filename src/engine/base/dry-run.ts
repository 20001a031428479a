import { joinAmbient } from '../../database/ambient.ts';
import type { Database } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';

const VARIABLE = 'JOB_DRY_RUN';
const TRUE = ['1', 'true', 'yes', 'on'];
const FALSE = ['', '0', 'false', 'no', 'off'];

/** Whether the environment puts the whole process in dry-run mode. Errors: `config-invalid`. */
export function isDryRunSet(): boolean {
  const value = process.env[VARIABLE] ?? '';
  const word = value.trim().toLowerCase();
  if (TRUE.includes(word)) return true;
  if (FALSE.includes(word)) return false;
  throw new HumdrumError(
    'config-invalid',
    `${VARIABLE} must be 1, true, yes or on, or else 0, false, no or off, not "${value}".`,
  );
}

/** The error of what a process does not do that only rehearses: `enqueue jobs`. */
export function dryRunRefusal(what: string): HumdrumError {
  return new HumdrumError(
    'dry-run',
    `This process only rehearses (${VARIABLE}, or the option dryRun), so it cannot ${what}.`,
  );
}

/** What a rehearsed handler does is allowed: it is rolled back with the handler. Errors: `dry-run`. */
export async function refuseInDryRun(
  { dryRun, database }: { dryRun: boolean; database: Database },
  what: string,
): Promise<void> {
  if (dryRun && !(await joinAmbient(database))) throw dryRunRefusal(what);
}
