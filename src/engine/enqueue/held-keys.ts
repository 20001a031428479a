import type { Database } from '../../database/database.ts';
import type { PendingEnqueue } from './pending-enqueue.ts';

/** Of the connections: so many wait for keys at once, and leave the others to work. */
const SHARE = 1 / 4;

/** Calls that want a unique key which another transaction holds. Those that want the same key wait in one line. */
export class HeldKeys {
  readonly #commit: (pending: PendingEnqueue) => Promise<void>;
  readonly #database: Pick<Database, 'connections'>;
  /** By key: the line of calls that wait for it. */
  readonly #lines = new Map<string, PendingEnqueue[]>();
  readonly #queued: PendingEnqueue[][] = [];
  #running = 0;

  constructor(
    commit: (pending: PendingEnqueue) => Promise<void>,
    database: Pick<Database, 'connections'>,
  ) {
    this.#commit = commit;
    this.#database = database;
  }

  /** Takes a call that wants a key that others wait for. */
  joins(pending: PendingEnqueue): boolean {
    const line = keysOf(pending)
      .map((key) => this.#lines.get(key))
      .find((known) => known !== undefined);
    line?.push(pending);
    return line !== undefined;
  }

  add(pending: PendingEnqueue): void {
    if (this.joins(pending)) return;
    const line = [pending];
    for (const key of keysOf(pending)) this.#lines.set(key, line);
    this.#queued.push(line);
    this.#runNext();
  }

  #runNext(): void {
    const most = Math.max(1, Math.floor(this.#database.connections * SHARE));
    while (this.#running < most) {
      const line = this.#queued.shift();
      if (!line) return;
      this.#running += 1;
      void this.#run(line);
    }
  }

  async #run(line: PendingEnqueue[]): Promise<void> {
    for (let pending = line[0]; pending; pending = line[0]) {
      await this.#commit(pending);
      line.shift();
    }
    for (const [key, known] of this.#lines) if (known === line) this.#lines.delete(key);
    this.#running -= 1;
    this.#runNext();
  }
}

const keysOf = ({ rows }: PendingEnqueue): string[] =>
  rows.flatMap(({ job, unique }) => (unique ? [`${job.type.type} ${unique.key}`] : []));
