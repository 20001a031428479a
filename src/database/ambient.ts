import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Transaction } from './database.ts';

/**
 * The transaction that the current asynchronous context is inside of. Calls to the database from within join it:
 * on the embedded backend, which has one connection, they would otherwise wait for themselves forever.
 */
export interface Ambient {
  readonly database: Database;
  /** The innermost open transaction. */
  tx: Transaction | null;
  /** Opens it at its first use, or refuses. Without it, where `tx` is null, a call goes its own way. */
  open?: () => Promise<Transaction>;
}

const storage = new AsyncLocalStorage<Ambient>();

export function runWithin<T>(ambient: Ambient, fn: () => Promise<T>): Promise<T> {
  return storage.run(ambient, fn);
}

/** Leaves every ambient transaction: for background work that is started from inside a handler. */
export function runOutside<T>(fn: () => T): T {
  return storage.exit(fn);
}

export function ambientTransaction(database: Database): Transaction | null {
  const ambient = storage.getStore();
  return ambient?.database === database ? ambient.tx : null;
}

/** Whether a call to the database joins a transaction here, or is refused since that is over. */
export function isWithin(database: Database): boolean {
  const ambient = storage.getStore();
  return ambient?.database === database && (ambient.tx !== null || ambient.open !== undefined);
}

/** The ambient transaction, opened if it is not yet; null where there is none to join. */
export async function joinAmbient(database: Database): Promise<Transaction | null> {
  const ambient = storage.getStore();
  if (ambient?.database !== database) return null;
  return ambient.tx ?? (await ambient.open?.()) ?? null;
}
