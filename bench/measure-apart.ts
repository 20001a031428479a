import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './measure.ts';
import type { Outcome } from './results.ts';
import type { Figures } from './scenario.ts';

const FILE = fileURLToPath(new URL('measure.ts', import.meta.url));

/** Longer than any measurement that is not hanging. */
const LIMIT_MS = 30 * 60_000;

/** Runs one measurement in its own process. Errors there are returned, not thrown. */
export async function measureApart(
  measurement: Measurement,
): Promise<Pick<Outcome, 'figures' | 'error'>> {
  const child = fork(FILE, [JSON.stringify(measurement)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: LIMIT_MS,
  });
  let output = '';
  let figures: Figures | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  child.on('message', (message: Figures) => {
    figures = message;
  });
  await new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  return figures ? { figures } : { error: messageIn(output) };
}

/** The message line in the output of an uncaught error. */
function messageIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ?? (output.trim() || 'It ended without a word.')
  );
}
