import type * as Pg from 'pg';
import type * as Threads from 'node:worker_threads';
import type { BeatMessage, CELL } from './beat.ts';

export interface BeatThreadData {
  /** Where the package is that the main thread has loaded. */
  pg: string;
  config: Pg.ClientConfig;
  sql: string;
  params: readonly unknown[];
  everyMs: number;
  limitMs: number;
  shared: SharedArrayBuffer;
  cell: typeof CELL;
}

/**
 * The body of the thread. It is sent as text, so that it runs from TypeScript, from the built package and from a bundle, and may
 * use nothing but its parameter.
 */
export function beatInThread(load: (name: string) => unknown): void {
  const threads = load('node:worker_threads') as typeof Threads;
  const { pg, config, sql, params, everyMs, limitMs, shared, cell } =
    threads.workerData as BeatThreadData;
  const { Client } = load(pg) as typeof Pg;
  const cells = new BigInt64Array(shared);
  let client: Pg.Client | null = null;

  const tell = (message: BeatMessage): void => threads.parentPort?.postMessage(message);

  const drop = (dead: Pg.Client): void => {
    if (client === dead) client = null;
    const { connection } = dead as Pg.Client & { connection?: { stream: { destroy(): void } } };
    connection?.stream.destroy();
  };

  const connected = async (): Promise<Pg.Client> => {
    if (client) return client;
    const opened = new Client(config);
    opened.on('error', () => drop(opened));
    client = opened;
    await opened.connect();
    return opened;
  };

  /** Undefined: no reply in time. */
  const replied = async <T>(reply: Promise<T>): Promise<T | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), limitMs);
    });
    try {
      return await Promise.race([reply, late]);
    } finally {
      clearTimeout(timer);
    }
  };

  /** Returns whether to go on. */
  const beat = async (): Promise<boolean> => {
    const sent = process.hrtime.bigint();
    const silentNs = sent - (cells[cell.pulse] ?? 0n);
    const isBlocked = silentNs > BigInt(Math.round(everyMs * 1_000_000));
    if (isBlocked && silentNs > (cells[cell.toleranceNs] ?? 0n)) return true;
    const asked = connected().then((on) => on.query(sql, [...params, isBlocked]));
    const rows = (await replied(asked))?.rows.length;
    if (rows === 0) tell({ kind: 'over' });
    else if (rows !== undefined) cells[cell.sent] = sent;
    else {
      if (client) drop(client);
      const message = `PostgreSQL did not reply within ${limitMs} ms, so the connection was closed.`;
      tell({ kind: 'trouble', message, isSilent: true });
    }
    return rows !== 0;
  };

  const loop = async (): Promise<void> => {
    const isGoingOn = await beat().catch((error: unknown) => {
      if (client) drop(client);
      tell({ kind: 'trouble', message: String(error), isSilent: false });
      return null;
    });
    const waitMs = isGoingOn === null ? Math.min(everyMs, 500) : everyMs;
    if (isGoingOn !== false) setTimeout(() => void loop(), waitMs);
  };
  setTimeout(() => void loop(), everyMs);
}
