/** The user pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Time for a command to clean up. A second Ctrl-C ends the process at once. */
const GRACE_MS = 10_000;

/**
 * Runs `act` until it ends or the user presses Ctrl-C. Then calls `leave` in either case to clean up: a running statement
 * finishes, and no more are sent. Errors: `Interrupted`.
 */
export async function interruptible<T>(
  act: () => Promise<T>,
  leave: () => Promise<void> = async () => undefined,
): Promise<T> {
  let interrupt = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new Interrupted('Ctrl-C'));
  });
  process.on('SIGINT', interrupt);
  try {
    return await Promise.race([act(), interrupted]);
  } finally {
    process.off('SIGINT', interrupt);
    await within(GRACE_MS, leave());
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
