import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ClientConfig } from 'pg';
import { type Beat, type BeatMessage, type BeatOptions, CELL, CELLS } from './beat.ts';
import { type BeatCommand, type BeatThreadData, beatInThread } from './beat-thread.ts';
import { NoReplyError } from './reply.ts';

const NS_PER_MS = 1_000_000;

/** The thread, once something beats in it, and all that does. It does not keep the process alive. */
let thread: Worker | null = null;
const beats = new Map<number, PostgresBeat>();
let lastId = 0;

/** Throws if it cannot be started. */
function startedThread(): Worker {
  if (thread) return thread;
  const pg = createRequire(import.meta.url).resolve('pg');
  const workerData: BeatThreadData = { pg, cell: CELL };
  const started = new Worker(`(${beatInThread.toString()})(require)`, {
    eval: true,
    workerData,
    execArgv: [],
    name: 'humdrum-heartbeat',
  });
  const end = (error: Error): void => {
    if (thread === started) thread = null;
    for (const beat of beats.values()) if (beat.isIn(started)) beat.break(error);
  };
  started.on('message', (message: BeatMessage) => beats.get(message.id)?.hear(message));
  started.on('error', end);
  started.on('exit', () => end(new Error('The heartbeat thread has ended.')));
  started.unref();
  thread = started;
  return started;
}

/** Runs a statement in the heartbeat thread, over a connection of its own. */
export class PostgresBeat implements Beat {
  readonly #id = (lastId += 1);
  readonly #options: BeatOptions;
  readonly #cells: BigInt64Array;
  readonly #pulse: NodeJS.Timeout;
  readonly #thread: Worker;
  #pulseMs = performance.now();
  #toleranceMs = 0;
  readonly #startNs = process.hrtime.bigint();
  #isOver = false;

  /** Throws if the thread cannot be started. */
  constructor(config: ClientConfig, options: BeatOptions) {
    const { sql, params, everyMs, limitMs } = options;
    const shared = new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT);
    this.#options = options;
    this.#cells = new BigInt64Array(shared);
    this.#cells[CELL.sent] = this.#startNs;
    this.#beatPulse();
    this.#thread = startedThread();
    beats.set(this.#id, this);
    this.#command({ kind: 'start', id: this.#id, config, sql, params, everyMs, limitMs, shared });
    this.#pulse = setInterval(() => this.#feelPulse(), everyMs / 2);
    this.#pulse.unref();
  }

  get lastSentMs(): number {
    const ageNs = process.hrtime.bigint() - (this.#cells[CELL.sent] ?? 0n);
    return performance.now() - Number(ageNs) / NS_PER_MS;
  }

  get hasRun(): boolean {
    return this.#cells[CELL.sent] !== this.#startNs;
  }

  tolerate(ms: number): void {
    if (ms > this.#toleranceMs) this.#setTolerance(ms);
  }

  #setTolerance(ms: number): void {
    this.#toleranceMs = ms;
    this.#cells[CELL.toleranceNs] = BigInt(Math.round(ms)) * BigInt(NS_PER_MS);
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#pulse);
    beats.delete(this.#id);
    this.#command({ kind: 'stop', id: this.#id });
  }

  hear(message: BeatMessage): void {
    const { limitMs, onTrouble, onOver } = this.#options;
    if (message.kind === 'silent') onTrouble(new NoReplyError(limitMs));
    else if (message.kind === 'trouble') onTrouble(new Error(message.message));
    else {
      this.stop();
      onOver();
    }
  }

  isIn(one: Worker): boolean {
    return this.#thread === one;
  }

  /** The thread has ended. */
  break(error: Error): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.onBroken(error);
  }

  #command(command: BeatCommand): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#thread.postMessage(command);
  }

  #beatPulse(): void {
    this.#pulseMs = performance.now();
    this.#setTolerance(this.#options.toleranceMs());
    this.#cells[CELL.pulse] = process.hrtime.bigint();
  }

  #feelPulse(): void {
    const { everyMs, onBlocked } = this.#options;
    const silentMs = performance.now() - this.#pulseMs;
    this.#beatPulse();
    if (silentMs > everyMs) onBlocked(silentMs);
  }
}
