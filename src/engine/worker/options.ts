import type { Database } from '../../database/database.ts';
import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';

export interface WorkerOptions {
  /** Handlers that run at once, 1 to 1,000. Default 10. */
  concurrency?: number;
  /** Queues to take from. Default: those of the job types. */
  queues?: readonly string[];
  /** A process that is silent for this long has lost its jobs. Default 15,000. Without meaning on the embedded database. */
  leaseMs?: number;
  /** How often to ask for work that nothing has announced. Default 2,000, and 30,000 where all of it is announced. */
  pollMs?: number;
}

const WORKER = {
  concurrency: true,
  queues: true,
  leaseMs: true,
  pollMs: true,
} satisfies Names<WorkerOptions>;

export type WorkerSettings = Required<Omit<WorkerOptions, 'queues' | 'pollMs'>> &
  Pick<WorkerOptions, 'queues' | 'pollMs'>;

const RANGES = {
  concurrency: { least: 1, most: 1_000 },
  leaseMs: { least: 100, most: 3_600_000 },
  pollMs: { least: 10, most: 3_600_000 },
};

/** Errors: `config-invalid`. */
export function workerSettings(options: WorkerOptions = {}): WorkerSettings {
  refuseUnknown('config-invalid', 'The options of createHumdrum', options, WORKER, 'worker.');
  for (const [name, { least, most }] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw new HumdrumError(
      'config-invalid',
      `worker.${name} is a whole number from ${least} to ${most}, not ${String(value)}.`,
    );
  }
  const { concurrency = 10, leaseMs = 15_000, pollMs, queues } = options;
  return { concurrency, leaseMs, ...(pollMs && { pollMs }), ...(queues && { queues }) };
}

/** Connections that handlers must not take: for claiming, settling, heartbeats and upkeep. */
export const RESERVED = 4;

/** Errors: `config-invalid`. */
export function checkConnections(
  { exclusive, connections }: Database,
  { concurrency }: WorkerSettings,
): void {
  const needed = concurrency + RESERVED;
  if (exclusive || connections >= needed) return;
  throw new HumdrumError(
    'config-invalid',
    `A worker with concurrency ${concurrency} needs ${needed} connections, ${RESERVED} of them for its own work; this database was opened with ${connections}.`,
  );
}
