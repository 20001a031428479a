import type * as Pg from 'pg';
import type * as Threads from 'node:worker_threads';
import type { BeatMessage, CELL } from './beat.ts';

export interface BeatThreadData {
  /** Where the package is that the main thread has loaded. */
  pg: string;
  cell: typeof CELL;
}

/** One beat, by its number. */
export interface BeatStart {
  kind: 'start';
  id: number;
  config: Pg.ClientConfig;
  sql: string;
  params: readonly unknown[];
  everyMs: number;
  limitMs: number;
  shared: SharedArrayBuffer;
}

export type BeatCommand = BeatStart | { kind: 'stop'; id: number };

/**
 * The body of the thread. It is sent as text, so that it runs from TypeScript, from the built package and from a bundle, and may
 * use nothing but its parameter.
 */
export function beatInThread(load: (name: string) => unknown): void {
  const threads = load('node:worker_threads') as typeof Threads;
  const { pg, cell } = threads.workerData as BeatThreadData;
  const stops = new Map<number, () => void>();
  const tell = (message: BeatMessage): void => threads.parentPort?.postMessage(message);

  const start = ({ id, config, sql, params, everyMs, limitMs, shared }: BeatStart): void => {
    const cells = new BigInt64Array(shared);
    let client: Pg.Client | null = null;
    let isOver = false;

    const drop = (dead: Pg.Client): void => {
      if (client === dead) client = null;
      const { connection } = dead as Pg.Client & { connection?: { stream: { destroy(): void } } };
      connection?.stream.destroy();
    };
    const connected = async (): Promise<Pg.Client> => {
      if (client) return client;
      const { Client } = load(pg) as typeof Pg;
      const opened = new Client(config);
      opened.on('error', () => drop(opened));
      client = opened;
      await opened.connect();
      return opened;
    };
    /** Returns whether to go on. */
    const beat = async (): Promise<boolean> => {
      const sent = process.hrtime.bigint();
      const silentNs = sent - (cells[cell.pulse] ?? 0n);
      const isBlocked = silentNs > BigInt(Math.round(everyMs * 1_000_000));
      if (isBlocked && silentNs > (cells[cell.toleranceNs] ?? 0n)) return true;
      const asked = connected().then((on) => on.query(sql, [...params, isBlocked]));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), limitMs);
      });
      const reply = await Promise.race([asked, late]).finally(() => clearTimeout(timer));
      if (reply === null) {
        asked.catch(() => undefined);
        if (client) drop(client);
        tell({ id, kind: 'silent' });
      } else if (reply.rows.length > 0) cells[cell.sent] = sent;
      else tell({ id, kind: 'over' });
      return reply === null || reply.rows.length > 0;
    };
    const loop = async (): Promise<void> => {
      const isGoingOn = await beat().catch((error: unknown) => {
        if (client) drop(client);
        if (!isOver) tell({ id, kind: 'trouble', message: String(error) });
        return null;
      });
      const waitMs = isGoingOn === null ? Math.min(everyMs, 500) : everyMs;
      if (isGoingOn !== false && !isOver) next = setTimeout(() => void loop(), waitMs);
    };
    let next = setTimeout(() => void loop());
    stops.set(id, () => {
      isOver = true;
      clearTimeout(next);
      if (client) drop(client);
    });
  };

  threads.parentPort?.on('message', (command: BeatCommand) => {
    if (command.kind === 'start') return start(command);
    stops.get(command.id)?.();
    stops.delete(command.id);
  });
}
