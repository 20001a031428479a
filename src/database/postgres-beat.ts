import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ClientConfig } from 'pg';
import { type Beat, type BeatMessage, type BeatOptions, CELL, CELLS } from './beat.ts';
import { type BeatThreadData, beatInThread } from './beat-thread.ts';
import { NoReplyError } from './reply.ts';

const NS_PER_MS = 1_000_000;

/** Runs a statement in a thread of its own, over a connection of its own. */
export class PostgresBeat implements Beat {
  readonly #options: BeatOptions;
  readonly #cells: BigInt64Array;
  readonly #pulse: NodeJS.Timeout;
  readonly #thread: Worker;
  #pulseMs = performance.now();
  #isOver = false;

  /** Throws if the thread cannot be started. */
  constructor(config: ClientConfig, options: BeatOptions) {
    const { sql, params, everyMs, limitMs } = options;
    const shared = new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT);
    this.#options = options;
    this.#cells = new BigInt64Array(shared);
    this.#cells[CELL.sent] = process.hrtime.bigint();
    this.#beatPulse();
    const pg = createRequire(import.meta.url).resolve('pg');
    const cell = CELL;
    const workerData: BeatThreadData = { pg, config, sql, params, everyMs, limitMs, shared, cell };
    this.#thread = new Worker(`(${beatInThread.toString()})(require)`, {
      eval: true,
      workerData,
      execArgv: [],
      name: 'humdrum-heartbeat',
    });
    this.#thread.on('message', (message: BeatMessage) => this.#hear(message));
    this.#thread.on('error', (error: Error) => this.#break(error));
    this.#thread.on('exit', () => this.#break(new Error('The heartbeat thread has ended.')));
    this.#thread.unref();
    this.#pulse = setInterval(() => this.#feelPulse(), everyMs / 2);
    this.#pulse.unref();
  }

  get lastSentMs(): number {
    const ageNs = process.hrtime.bigint() - (this.#cells[CELL.sent] ?? 0n);
    return performance.now() - Number(ageNs) / NS_PER_MS;
  }

  tolerate(ms: number): void {
    const ns = toNs(ms);
    if (ns > (this.#cells[CELL.toleranceNs] ?? 0n)) this.#cells[CELL.toleranceNs] = ns;
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#pulse);
    void this.#thread.terminate();
  }

  #beatPulse(): void {
    this.#pulseMs = performance.now();
    this.#cells[CELL.toleranceNs] = toNs(this.#options.toleranceMs());
    this.#cells[CELL.pulse] = process.hrtime.bigint();
  }

  #feelPulse(): void {
    const { everyMs, onBlocked } = this.#options;
    const silentMs = performance.now() - this.#pulseMs;
    this.#beatPulse();
    if (silentMs > everyMs) onBlocked(silentMs);
  }

  #hear(message: BeatMessage): void {
    if (this.#isOver) return;
    if (message.kind === 'trouble') {
      const { limitMs, onTrouble } = this.#options;
      onTrouble(message.isSilent ? new NoReplyError(limitMs) : new Error(message.message));
    } else {
      this.stop();
      this.#options.onOver();
    }
  }

  #break(error: Error): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.onBroken(error);
  }
}

const toNs = (ms: number): bigint => BigInt(Math.round(ms)) * BigInt(NS_PER_MS);
