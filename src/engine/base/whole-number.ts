import { HumdrumError, type ErrorCode } from '../../errors.ts';
import { shown } from './shown.ts';

/** Both bounds are included. */
export function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** A number of milliseconds, 0 or more; Infinity too. Errors: `input-invalid`. */
export function requireDuration(name: string, ms: unknown): void {
  if (typeof ms === 'number' && ms >= 0) return;
  throw new HumdrumError(
    'input-invalid',
    `${name} must be a number of milliseconds, 0 or more, or Infinity, not ${typeof ms === 'string' ? `"${ms}"` : String(ms)}.`,
  );
}

/** Errors: `input-invalid`, unless `code` says otherwise. */
export function requireWhole(
  name: string,
  value: number,
  { least = 1, most, code = 'input-invalid' }: { least?: number; most: number; code?: ErrorCode },
): void {
  if (isWhole(value, least, most)) return;
  throw new HumdrumError(
    code,
    `${name} must be a whole number from ${least} to ${most}, not ${shown(value)}.`,
  );
}
