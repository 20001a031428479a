import { HumdrumError } from '../../errors.ts';
import { shown } from './shown.ts';

/** Errors: `job-not-found`. */
export function requireJobId(id: unknown): void {
  if (Number.isSafeInteger(id)) return;
  throw new HumdrumError(
    'job-not-found',
    `There is no job ${shown(id)}: the id of a job is a whole number.`,
  );
}
