import type * as RedisModule from 'redis';
import { errorMessage, HumdrumError } from '../../errors.ts';

type Redis = typeof RedisModule;
type SocketOptions = Pick<
  NonNullable<RedisModule.RedisClientOptions['socket']>,
  'connectTimeout' | 'socketTimeout' | 'reconnectStrategy'
>;

export type RedisClient = ReturnType<typeof newClient>;

const CONNECT_TIMEOUT_MS = 1_000;
/** After this time, reading from PostgreSQL is faster. */
const READ_TIMEOUT_MS = 1_000;
const WRITE_SILENCE_MS = 30_000;
const LONGEST_WAIT_MS = 2_000;

/** Errors: `redis-missing`. */
async function loadRedis(): Promise<Redis> {
  try {
    return await import('redis');
  } catch (cause) {
    throw new HumdrumError(
      'redis-missing',
      'Leaderboards on Redis need the package "redis". Install it: npm install redis',
      { cause },
    );
  }
}

function newClient({ createClient }: Redis, url: string, socket: SocketOptions) {
  const client = createClient({ url, disableOfflineQueue: true, socket });
  // A broken connection must not crash the process. Pending commands fail instead.
  client.on('error', () => undefined);
  return client;
}

/** The message must not contain the password in the URL. */
function unreachable(url: string, cause: unknown): HumdrumError {
  const { host, pathname } = new URL(url);
  // A refused connection to several addresses is an AggregateError with an empty message.
  const reason =
    cause instanceof AggregateError
      ? cause.errors.map(errorMessage).join('; ')
      : errorMessage(cause);
  return new HumdrumError(
    'redis-unreachable',
    `Cannot reach Redis at ${host}${pathname}: ${reason}. Check that it is running. Until then leaderboards are read from PostgreSQL.`,
    { cause },
  );
}

/**
 * Connects, runs `work`, and closes the connection when it ends or `signal` aborts. Errors: `redis-missing`, `redis-unreachable`.
 * Error replies of Redis are thrown as they are.
 */
export async function withRedis<T>(
  url: string,
  signal: AbortSignal,
  work: (client: RedisClient) => Promise<T>,
): Promise<T> {
  const redis = await loadRedis();
  const client = newClient(redis, url, {
    connectTimeout: 5 * CONNECT_TIMEOUT_MS,
    socketTimeout: WRITE_SILENCE_MS,
    reconnectStrategy: false,
  });
  const end = (): void => {
    if (client.isOpen) client.destroy();
  };
  signal.addEventListener('abort', end);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof redis.ErrorReply || !isOfConnection(error, client)) throw error;
    throw unreachable(url, error);
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** Errors: `redis-missing`, `redis-unreachable`. */
export async function checkRedis(url: string): Promise<void> {
  await withRedis(url, AbortSignal.timeout(WRITE_SILENCE_MS), (client) => client.ping());
}

/** Whether the connection broke. Other errors leave it ready. */
function isOfConnection(error: unknown, client: RedisClient): boolean {
  return !(error instanceof HumdrumError) && !client.isReady;
}

/** A persistent connection for reading that reconnects by itself. Reads do not wait while it is down. */
export class RedisReader {
  readonly #url: string;
  #client: RedisClient | null = null;
  #opening: Promise<void> | null = null;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Null if Redis is unreachable or too slow. Errors: `redis-missing`. */
  async ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T | null> {
    this.#opening ??= this.#open();
    await this.#opening;
    const client = this.#client;
    if (!client?.isReady) return null;
    const answer = question(client);
    try {
      return await inTime(answer);
    } catch (error) {
      answer.catch(() => undefined);
      if (error instanceof TooSlow && client === this.#client) {
        client.destroy();
        await this.#connect();
      }
      return null;
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#client?.isOpen) this.#client.destroy();
    this.#client = null;
  }

  /** Opens the first connection and waits until it succeeds or fails. */
  async #open(): Promise<void> {
    const client = await this.#connect();
    if (!client) return;
    const settled = new Promise<void>((resolve) => {
      client.once('ready', () => resolve());
      client.once('error', () => resolve());
    });
    await inTime(settled).catch(() => undefined);
  }

  /** Starts connecting in the background, with retries. */
  async #connect(): Promise<RedisClient | null> {
    const redis = await loadRedis();
    if (this.#closed) return null;
    const client = newClient(redis, this.#url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_WAIT_MS),
    });
    client.connect().catch(() => undefined);
    this.#client = client;
    return client;
  }
}

class TooSlow extends Error {}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooSlow()), READ_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}
