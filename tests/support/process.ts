import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { runHosted, type Ended } from './host/hosts.ts';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;

export type { Ended };

export interface StartOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A program that runs the command line, with its arguments: `ip netns exec NAME`. */
  through?: readonly string[];
}

export interface CliOptions extends Omit<StartOptions, 'through'> {
  /**
   * In a process of its own, where the process is the matter: it is killed, modules are read once and the environment while
   * they are, colours, `main.ts` itself.
   */
  alone?: boolean;
  /** On its standard input, of a process of its own. */
  input?: string;
}

function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { DATABASE_URL: _ours, ...inherited } = process.env;
  return { ...inherited, NO_COLOR: '1', ...more };
}

function start(
  args: readonly string[],
  { cwd = process.cwd(), env, through = [] }: StartOptions,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const [program = '', ...rest] = [...through, process.execPath, MAIN, ...args];
  const stdio = [stdin, 'pipe', 'pipe'] as const;
  const child = spawn(program, rest, { cwd, env: environment(env), stdio: [...stdio] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the command line as a user does, to its end; without `alone` in a process that runs others too: see cli-host.js. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const { alone = false, input, cwd = process.cwd(), env } = options;
  if (alone || input !== undefined) return cliAlone(args, options);
  return runHosted({ args, cwd, env: environment(env) });
}

async function cliAlone(args: readonly string[], options: CliOptions): Promise<Ended> {
  const { input } = options;
  const child = start(args, options, input === undefined ? 'ignore' : 'pipe');
  child.stdin?.end(input);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** A process that goes on, and the lines that it has printed. */
export class Running {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], options: StartOptions = {}) {
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
