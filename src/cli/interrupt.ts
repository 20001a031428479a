/** Somebody has pressed Ctrl-C. */
export class Interrupted extends Error {}

/** So long may a command take to leave things in order; a second Ctrl-C does not wait for it. */
const GRACE_MS = 10_000;

/**
 * Lets `act` go on until it ends or Ctrl-C does. `leave` is called in either case, and puts in order what was begun: a
 * statement that is on its way ends, and none comes after it. Errors: `Interrupted`.
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
