/** A terminal or a supervisor may send one signal to the process and to its group: that is no second asking. */
const ECHO_MS = 300;

/** Until somebody asks this process to end. `onAgain` is called when they ask a second time. */
export async function untilSignal(onAgain: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedMs = Infinity;
    const hear = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (nowMs - askedMs > ECHO_MS) onAgain();
      askedMs = Math.min(askedMs, nowMs);
      resolve(signal);
    };
    process.on('SIGINT', hear);
    process.on('SIGTERM', hear);
  });
}
