import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measure.ts';
import type { Outcome } from './results.ts';
import type { Figures } from './scenario.ts';

const FILE = fileURLToPath(new URL('measure.ts', import.meta.url));

/** No measurement takes that long, unless something waits for ever. */
const LIMIT_MS = 30 * 60_000;

/** One measurement in a process of its own. What goes wrong there is an answer too. */
export async function measureApart(
  measurement: Measurement,
): Promise<Pick<Outcome, 'figures' | 'error'>> {
  const child = fork(FILE, [JSON.stringify(measurement)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: LIMIT_MS,
  });
  let said = '';
  let figures: Figures | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  child.on('message', (message: Figures) => {
    figures = message;
  });
  await new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  return figures ? { figures } : { error: messageIn(said) };
}

/** The line of an uncaught error that says what is wrong. */
function messageIn(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ?? (said.trim() || 'It ended without a word.')
  );
}
