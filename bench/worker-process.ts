import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Place, SettingsName } from './system.ts';

export interface WorkerTask {
  readonly system: string;
  readonly place: Place;
  readonly settings: SettingsName;
  /** Ids are below this. */
  readonly jobs: number;
  /** Reports when this many different jobs have run. Default: all. */
  readonly milestone?: number;
  /** Concurrent jobs that each update a row. Without it, handlers do nothing. */
  readonly writers?: number;
  /** Whether metrics are on and scraped. */
  readonly scraped?: boolean;
  /** Reports each start. */
  readonly tellStarts?: boolean;
  /** A file for the ids of the jobs that have run, which survives `kill -9`. */
  readonly journal?: string;
}

export interface Tally {
  /** Number of handler runs. */
  readonly runs: number;
  /** Number of different jobs run. */
  readonly jobs: number;
  readonly maxRssMiB: number;
  readonly cpuMs: number;
}

/** Messages from a worker process. Times are from the clock that all processes share. */
export type Word =
  | { word: 'loaded' }
  | { word: 'working' }
  | { word: 'milestone'; atMs: number }
  | { word: 'started'; id: number; atMs: number }
  | { word: 'tally'; tally: Tally };

/** Messages to a worker process. */
export type Order = 'go' | 'tally' | 'stop';

const FILE = fileURLToPath(new URL('worker.ts', import.meta.url));
const STOP_WITHIN_MS = 10_000;

/** Controls a worker process of one system from the measuring process. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #heard: Word[] = [];
  #output = '';
  #wake: () => void = () => undefined;
  onStarted: (id: number, atMs: number) => void = () => undefined;

  static async load(task: WorkerTask): Promise<WorkerProcess> {
    const worker = new WorkerProcess(task);
    await worker.#hear('loaded');
    return worker;
  }

  private constructor(task: WorkerTask) {
    this.#child = fork(FILE, [JSON.stringify(task)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4_000);
    });
    this.#child.on('message', (word: Word) => {
      if (word.word === 'started') this.onStarted(word.id, word.atMs);
      else this.#heard.push(word);
      this.#wake();
    });
    this.#child.once('exit', () => this.#wake());
  }

  /** Starts the worker. Resolves when the system is ready to take jobs. */
  async go(): Promise<void> {
    this.#order('go');
    await this.#hear('working');
  }

  /** The time at which the milestone was reached, or null after `withinMs`. */
  async milestone(withinMs: number): Promise<number | null> {
    const word = await this.#hear('milestone', withinMs);
    return word?.atMs ?? null;
  }

  async tally(): Promise<Tally> {
    this.#order('tally');
    const word = await this.#hear('tally');
    if (word === null) throw new Error('A worker counted nothing.');
    return word.tally;
  }

  /** Stops the worker and returns its last count. Null if it took too long and was killed. */
  async stop(): Promise<Tally | null> {
    if (this.#ended) return null;
    this.#order('stop');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await once(this.#child, 'exit');
    clearTimeout(timer);
    const last = this.#heard.findLast((word) => word.word === 'tally');
    return last?.tally ?? null;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #order(order: Order): void {
    if (!this.#ended) this.#child.send(order);
  }

  async #hear<Name extends Word['word']>(
    name: Name,
    withinMs = Infinity,
  ): Promise<Extract<Word, { word: Name }> | null> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const at = this.#heard.findIndex(({ word }) => word === name);
      if (at >= 0) return this.#heard.splice(at, 1)[0] as Extract<Word, { word: Name }>;
      if (this.#ended) throw new Error(`A worker ended before it sent "${name}": ${this.#output}`);
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return null;
      await this.#nextWord(leftMs);
    }
  }

  #nextWord(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(withinMs) ? setTimeout(resolve, withinMs) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
