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
  /** Command prefix that runs the command line, such as `ip netns exec NAME`. */
  through?: readonly string[];
}

export interface CliOptions extends Omit<StartOptions, 'through'> {
  /**
   * Runs in its own process, for tests that are about the process: killing it, reading modules and the environment at start, colours,
   * `main.ts` itself.
   */
  alone?: boolean;
  /** Standard input, for a process of its own. */
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

/** Runs the command line to its end. Without `alone`, in a process shared with other commands: see cli-host.js. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const { alone = false, input, cwd = process.cwd(), env } = options;
  if (alone || input !== undefined) return cliAlone(args, options);
  return runHosted({ args, cwd, env: environment(env) });
}

async function cliAlone(args: readonly string[], options: CliOptions): Promise<Ended> {
  const { input } = options;
  const child = start(args, options, input === undefined ? 'ignore' : 'pipe');
  child.stdin?.end(input);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** A running process and the lines that it has printed. */
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

  /** Waits until this many lines match. Throws with the whole output if the process ends first. */
  async saying(pattern: RegExp, times = 1): Promise<string> {
    for (;;) {
      const matching = this.lines.filter((line) => pattern.test(line));
      if (matching.length >= times) return matching.at(-1) ?? '';
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`The process ended without printing ${pattern}:\n${this.lines.join('\n')}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when the process has ended, whoever ends it. */
  get ended(): Promise<unknown> {
    return this.#closed;
  }

  /** Sends the signal and waits for the process to end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }
}
