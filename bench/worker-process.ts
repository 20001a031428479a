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
  /** Tells when so many different jobs have run. Default: all. */
  readonly milestone?: number;
  /** Jobs at once that each update a row. Without it a handler does nothing. */
  readonly writers?: number;
  /** Metrics are on, and scraped. */
  readonly scraped?: boolean;
  /** Tells each start. */
  readonly tellStarts?: boolean;
  /** A file for the ids of the jobs that have run: it outlives a `kill -9`. */
  readonly journal?: string;
}

export interface Tally {
  /** Handlers that have run. */
  readonly runs: number;
  /** Different jobs. */
  readonly jobs: number;
  readonly maxRssMiB: number;
  readonly cpuMs: number;
}

/** What a worker process tells. Times are of the clock that all processes share. */
export type Word =
  | { word: 'loaded' }
  | { word: 'working' }
  | { word: 'milestone'; atMs: number }
  | { word: 'started'; id: number; atMs: number }
  | { word: 'tally'; tally: Tally };

/** What it is told. */
export type Order = 'go' | 'tally' | 'stop';

const FILE = fileURLToPath(new URL('worker.ts', import.meta.url));
const STOP_WITHIN_MS = 10_000;

/** A worker of one system in a process of its own, seen from the process that measures. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #heard: Word[] = [];
  #said = '';
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
      this.#said = (this.#said + chunk.toString()).slice(-4_000);
    });
    this.#child.on('message', (word: Word) => {
      if (word.word === 'started') this.onStarted(word.id, word.atMs);
      else this.#heard.push(word);
      this.#wake();
    });
    this.#child.once('exit', () => this.#wake());
  }

  /** Starts working. Resolves when the system says that it takes jobs. */
  async go(): Promise<void> {
    this.#order('go');
    await this.#hear('working');
  }

  /** The instant at which as many jobs had run as the milestone says, or null after `withinMs`. */
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

  /** Answers its last count. Null: it took too long to stop, and was killed; nothing is measured any more. */
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
      if (this.#ended) throw new Error(`A worker ended before it said "${name}": ${this.#said}`);
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
