import { say } from './output.ts';

/** The user pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Time for a command to clean up. A second Ctrl-C ends the process at once. */
const GRACE_MS = 10_000;

/** Work in steps that a first Ctrl-C ends after the current step. Called then. */
let endGently: (() => void) | null = null;

/**
 * For work in steps, within `interruptible`: the first Ctrl-C does not interrupt it. From then on `isEnding()` is true, and
 * `act` ends by itself after the current step. Another Ctrl-C interrupts it.
 */
export async function inSteps<T>(
  what: string,
  act: (isEnding: () => boolean) => Promise<T>,
): Promise<T> {
  let ending = false;
  endGently = () => {
    endGently = null;
    ending = true;
    say(`Ctrl-C received. Ending after the current ${what}.`);
  };
  try {
    return await act(() => ending);
  } finally {
    endGently = null;
  }
}

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
    interrupt = () => (endGently ? endGently() : reject(new Interrupted('Ctrl-C')));
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
