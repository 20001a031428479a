import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

const PROGRAM = new URL('cli-host.js', import.meta.url).pathname;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Order {
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

type Answer = { code: number } | { fault: string };

/** A process that runs command lines one after another with the modules loaded: see cli-host.js. It ends with this process. */
class Host {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor() {
    this.#child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8');
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** If a command ends the host process, its result is that of the process. */
  async run(order: Order): Promise<Ended> {
    const mark = `\n${randomUUID()}\n`;
    const answered = once(this.#child, 'message') as Promise<[Answer]>;
    const output = Promise.all([upTo(mark, this.#child.stdout), upTo(mark, this.#child.stderr)]);
    this.#child.send({ ...order, mark });
    const [answer] = await Promise.race([answered, this.#closed.then(() => [null])]);
    const [stdout, stderr] = await output;
    if (answer && 'fault' in answer) {
      await this.kill();
      const command = `humdrum ${order.args.join(' ')}`;
      throw new Error(`${command}: ${answer.fault}. Does it need \`alone: true\`?\n${stderr}`);
    }
    return { code: answer ? answer.code : this.#child.exitCode, stdout, stderr };
  }
}

/** Reads the output up to the mark or the end. Output between two commands belongs to the next one. */
async function upTo(mark: string, stream: Readable | null): Promise<string> {
  if (!stream || stream.closed) return '';
  let text = '';
  return new Promise((resolve) => {
    const hear = (more: string): void => {
      text += more;
      if (text.endsWith(mark)) finish();
    };
    const finish = (): void => {
      stream.off('data', hear).off('close', finish).pause();
      resolve(text.endsWith(mark) ? text.slice(0, -mark.length) : text);
    };
    stream.on('data', hear).on('close', finish).resume();
  });
}

const idle: Host[] = [];

/** Runs an order in a free host. Concurrent commands get a host each. One host is kept afterwards. */
export async function runHosted(order: Order): Promise<Ended> {
  const free = idle.pop();
  const host = free?.isAlive ? free : new Host();
  let isRunning = true;
  // A hanging command must not outlive its test.
  onTestFinished(async () => {
    if (isRunning) await host.kill();
  });
  try {
    return await host.run(order);
  } finally {
    isRunning = false;
    if (host.isAlive && idle.length === 0) idle.push(host);
    else await host.kill();
  }
}
