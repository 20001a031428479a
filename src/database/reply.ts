import { sqlstateOf } from './error-kind.ts';

/** The connection is dead, or the server too busy. Whether the statement took effect is unknown. */
export class NoReplyError extends Error {
  constructor(limitMs: number) {
    super(`PostgreSQL did not reply within ${limitMs} ms, so the connection was closed.`);
    this.name = 'NoReply';
  }
}

/** Settles like `reply`, but rejects after `limitMs`. Errors: `NoReplyError`. */
export async function replyWithin<T>(reply: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new NoReplyError(limitMs));
    // After a handler has blocked the event loop, the reply may be there and not be read yet. It is read before the second turn.
    timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), limitMs);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Read-only, as after a failover; shutting down; connection exceptions. */
const USELESS = /^(?:25006|57P|08)/;

/** Whether a connection should not be used again after this error. */
export function isUselessAfter(error: unknown): boolean {
  const code = sqlstateOf(error);
  return error instanceof NoReplyError || (code !== null && USELESS.test(code));
}
