import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Transaction } from './database.ts';

/**
 * The transaction of the current asynchronous context. Database calls made inside it join it: on the embedded backend, which
 * has one connection, they would otherwise deadlock with their own transaction.
 */
export interface Ambient {
  readonly database: Database;
  /** The innermost open transaction. */
  tx: Transaction | null;
  /** Opens the transaction at its first use, or throws. If it is absent and `tx` is null, calls run outside a transaction. */
  open?: () => Promise<Transaction>;
  /** Called for promises made here that are rejected and that nobody handles. Inherited by what runs within. */
  onStray?: OnStray | undefined;
}

export type OnStray = (error: unknown) => void;

const storage = new AsyncLocalStorage<Ambient>();

export function runWithin<T>(ambient: Ambient, fn: () => Promise<T>): Promise<T> {
  ambient.onStray ??= storage.getStore()?.onStray;
  return storage.run(ambient, fn);
}

/** Of the current asynchronous context, also after the work that it was set for has ended. */
export function ambientOnStray(): OnStray | undefined {
  return storage.getStore()?.onStray;
}

/** Runs `fn` outside any ambient transaction: for background work started from inside a handler. */
export function runOutside<T>(fn: () => T): T {
  return storage.exit(fn);
}

export function ambientTransaction(database: Database): Transaction | null {
  const ambient = storage.getStore();
  return ambient?.database === database ? ambient.tx : null;
}

/** Whether a database call here joins an ambient transaction, or is refused because that transaction has ended. */
export function isWithin(database: Database): boolean {
  const ambient = storage.getStore();
  return ambient?.database === database && (ambient.tx !== null || ambient.open !== undefined);
}

/** The ambient transaction, opened if needed. Null if there is none to join. */
export async function joinAmbient(database: Database): Promise<Transaction | null> {
  const ambient = storage.getStore();
  if (ambient?.database !== database) return null;
  return ambient.tx ?? (await ambient.open?.()) ?? null;
}
