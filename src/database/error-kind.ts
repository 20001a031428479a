import { type ErrorCode, isHumdrumError } from '../errors.ts';

/**
 * What a failed statement says about itself.
 * - `data`: it would fail again, because of what it contains.
 * - `busy`: it had no effect, and may succeed later: locks, serialization, timeouts, memory, a read-only server.
 * - `lost`: the connection ended before the reply, so it may have taken effect.
 */
export type ErrorKind = 'data' | 'busy' | 'lost';

const SQLSTATE = /^(?=.*\d)[\dA-Z]{5}$/;
/** Connection exceptions, and a server that shuts down, has crashed or is not ready. */
const LOST = /^(?:08|57P)/;
/** Serialization, resources, locks, cancelled by a timeout, ended transactions, a read-only server, the server's disk. */
const BUSY = /^(?:40|53|55P03|57014|25006|25P|58)/;

const CLOSED: readonly ErrorCode[] = ['database-closed', 'database-unreachable'];

export function errorKind(error: unknown): ErrorKind {
  const code = sqlstateOf(error);
  if (code !== null) {
    if (LOST.test(code)) return 'lost';
    return BUSY.test(code) || lacksPart(error) ? 'busy' : 'data';
  }
  if (isHumdrumError(error)) return CLOSED.includes(error.code) ? 'lost' : 'data';
  // Values that have no SQL form are refused before anything is sent.
  return error instanceof TypeError || error instanceof RangeError ? 'data' : 'lost';
}

/** Connection exceptions, a server that goes away or is read-only, serialization failures, deadlocks, no connection left. */
const INFRASTRUCTURE = /^(?:08|57P0[123]|25006|40001|40P01|53300)/;

/** Whether this is the fault of neither the statement nor its caller: the same again is likely to succeed. */
export function isInfrastructure(error: unknown): boolean {
  const code = sqlstateOf(error);
  if (code === null) return errorKind(error) === 'lost';
  return INFRASTRUCTURE.test(code) || lacksPart(error);
}

/**
 * The history has no part for a job's id yet. PostgreSQL reports it as a violated check, but names no constraint: the row is
 * right, and goes in as soon as a worker has added the part.
 */
function lacksPart(error: unknown): boolean {
  if (sqlstateOf(error) !== '23514') return false;
  const { schema, constraint } = error as { schema?: unknown; constraint?: unknown };
  return schema === 'humdrum' && !constraint;
}

export function sqlstateOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && SQLSTATE.test(code) ? code : null;
}
