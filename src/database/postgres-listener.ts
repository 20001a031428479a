import type { Client, ClientBase } from 'pg';
import type { Listening } from './database.ts';
import { replyWithin } from './reply.ts';

const RECONNECT_MS = 1_000;
const PING_MS = 10_000;
const PING_LIMIT_MS = 5_000;
const CLOSE_LIMIT_MS = 2_000;

/**
 * Listens on a dedicated connection, reopened when it breaks: a pooled one may lead through a transaction pooler. It is
 * pinged, because a firewall that forgets a connection says nothing, and no notification would ever come.
 */
export class PostgresListener implements Listening {
  readonly #newClient: () => Client;
  readonly #channel: string;
  readonly #heard: (payload: string) => void;
  #client: Client | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** A reconnect may have missed notifications. */
  #mayHaveMissed = false;
  #direct = false;

  private constructor(newClient: () => Client, channel: string, heard: (payload: string) => void) {
    this.#newClient = newClient;
    this.#channel = channel;
    this.#heard = heard;
  }

  static async open(
    newClient: () => Client,
    channel: string,
    heard: (payload: string) => void,
  ): Promise<PostgresListener> {
    const listener = new PostgresListener(newClient, channel, heard);
    await listener.#connect();
    return listener;
  }

  get direct(): boolean {
    return this.#direct;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    if (client) await replyWithin(client.end(), CLOSE_LIMIT_MS).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = this.#newClient();
    client.on('notification', ({ payload }) => this.#heard(payload ?? ''));
    client.on('error', () => this.#lost(client));
    try {
      await client.connect();
      this.#direct = await replyWithin(isDirect(client), PING_LIMIT_MS);
      await replyWithin(client.query(`listen ${this.#channel}`), PING_LIMIT_MS);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    if (this.#stopped) return client.end();
    this.#client = client;
    this.#schedulePing(client);
    if (this.#mayHaveMissed) this.#heard('');
    this.#mayHaveMissed = true;
  }

  #schedulePing(client: Client): void {
    this.#timer = setTimeout(() => void this.#ping(client), PING_MS);
    this.#timer.unref();
  }

  async #ping(client: Client): Promise<void> {
    try {
      await replyWithin(client.query('select 1'), PING_LIMIT_MS);
      if (this.#client === client) this.#schedulePing(client);
    } catch {
      client.end().catch(() => undefined); // With a query under way, it closes the socket at once.
      this.#lost(client);
    }
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#connect().catch(() => this.#reconnectLater());
    }, RECONNECT_MS);
  }
}

/** Behind a pooler, the process id announced to the client is not that of the server process. */
export async function isDirect(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return 'processID' in client && client.processID === rows[0]?.pid;
}
