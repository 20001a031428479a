import type { Database } from '../database/database.ts';

/** A terminal or supervisor may send one signal to both the process and its group. Within this time it counts once. */
const ECHO_MS = 300;

/** Waits for SIGINT or SIGTERM. Calls `onAgain` on a second signal. */
export async function untilSignal(onAgain: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstMs = Infinity;
    const onSignal = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (nowMs - firstMs > ECHO_MS) onAgain();
      firstMs = Math.min(firstMs, nowMs);
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** Waits for the signal. Errors: `database-closed` if the database can no longer be used. */
export async function signalFor(
  { lost }: Database,
  signalled: Promise<NodeJS.Signals>,
): Promise<NodeJS.Signals> {
  const ended = await Promise.race(lost ? [signalled, lost] : [signalled]);
  if (ended instanceof Error) throw ended;
  return ended;
}
