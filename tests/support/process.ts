import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A program that runs the command line, with its arguments: `ip netns exec NAME`. */
  through?: readonly string[];
}

function start(args: readonly string[], options: CliOptions): ChildProcess {
  const { cwd, env = {}, through = [] } = options;
  const { DATABASE_URL: _ours, ...inherited } = process.env;
  const [program = '', ...rest] = [...through, process.execPath, MAIN, ...args];
  const child = spawn(program, rest, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the command line as a user does, to its end. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A process that goes on, and the lines that it has printed. */
export class Running {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], options: CliOptions = {}) {
    this.#child = start(args, options);
    this.#closed = once(this.#child, 'close').finally(() => this.#wake());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.#wake();
      });
    }
  }

  /** Until so many lines match. Throws with all that was said if the process ends before. */
  async saying(pattern: RegExp, times = 1): Promise<string> {
    for (;;) {
      const matching = this.lines.filter((line) => pattern.test(line));
      if (matching.length >= times) return matching.at(-1) ?? '';
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`The process ended without saying ${pattern}:\n${this.lines.join('\n')}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Sends the signal, and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }
}
