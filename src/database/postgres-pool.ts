import type pgModule from 'pg';
import type { Pool, PoolClient, PoolConfig, QueryConfig, QueryResult } from 'pg';
import type { ConnectionUse } from './database.ts';
import { isUselessAfter, replyWithin } from './reply.ts';

const CLOSE_LIMIT_MS = 2_000;

/** The connections of a database to its server. */
export class PostgresPool {
  readonly #pool: Pool;
  readonly #open = new Set<PoolClient>();
  /** Not to be used again: they were open when another got no reply, so they are likely dead too. */
  readonly #doomed = new WeakSet<PoolClient>();

  /** What the server said when it closed a connection. */
  readonly #fatal = new WeakMap<PoolClient, unknown>();

  constructor(pg: typeof pgModule, config: PoolConfig) {
    // Pipelined: concurrent queries of a handler are sent together, and COMMIT goes with the settlement before it.
    this.#pool = new pg.Pool({ ...config, pipeline: true });
    // A broken idle connection must not crash the process: the pool drops it, and the next query opens another.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => {
      // Nor must one that breaks between two queries or while it is checked out: its next query fails instead.
      client.on('error', (error) => {
        // The first says why, and the next only that it has ended.
        if (!this.#fatal.has(client)) this.#fatal.set(client, error);
      });
      this.#open.add(client);
    });
    this.#pool.on('remove', (client) => this.#open.delete(client));
  }

  /** For each connection that is opened from now on, before anything else is asked over it. */
  onConnect(prepare: (client: PoolClient) => void): void {
    this.#pool.on('connect', prepare);
  }

  get isClosed(): boolean {
    return this.#pool.ending;
  }

  get use(): ConnectionUse {
    const { totalCount, idleCount: idle, waitingCount: waiting } = this.#pool;
    return { busy: totalCount - idle, idle, waiting };
  }

  /** Give the client back with `release`, and `failed` if it may be broken. */
  async connect(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      if (!this.#doomed.has(client)) return client;
      client.release(true);
    }
  }

  fatalOf(client: PoolClient): unknown {
    return this.#fatal.get(client);
  }

  release(client: PoolClient, isBroken: boolean): void {
    client.release(isBroken || this.#doomed.has(client));
  }

  /** Without a limit. */
  query(config: QueryConfig): Promise<QueryResult> {
    return this.#pool.query(config);
  }

  /** Runs `ask` on a connection, which is closed if it fails: some failures leave it unusable. */
  async ask<T>(ask: (client: PoolClient) => Promise<T>, limitMs: number): Promise<T> {
    const client = await this.connect();
    let failed = true;
    try {
      const result = await replyWithin(ask(client), limitMs);
      failed = false;
      return result;
    } catch (error) {
      this.noteFailure(error);
      throw error;
    } finally {
      this.release(client, failed);
    }
  }

  /**
   * One that got no reply, or whose server is read-only or going away, speaks for all that were opened before: they are
   * replaced when whoever uses them has finished.
   */
  noteFailure(error: unknown): void {
    if (!isUselessAfter(error)) return;
    for (const client of this.#open) this.#doomed.add(client);
  }

  /** Whoever waits for a reply over a connection that is open now gets an error. */
  cutOff(): void {
    for (const client of this.#open) {
      this.#doomed.add(client);
      cutOff(client);
    }
  }

  /** A dead connection does not answer to its end either, so this does not wait for ever. */
  async end(): Promise<void> {
    if (!this.#pool.ended)
      await replyWithin(this.#pool.end(), CLOSE_LIMIT_MS).catch(() => undefined);
  }
}

/** The end that the protocol has would wait for the other side. */
function cutOff(client: PoolClient): void {
  const { connection } = client as PoolClient & { connection?: { stream: { destroy(): void } } };
  connection?.stream.destroy();
}
