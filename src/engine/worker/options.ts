import type { Database } from '../../database/database.ts';
import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';
import { listOf, requireKind, TEXT } from '../base/kinds.ts';
import { requireWhole } from '../base/whole-number.ts';

export interface WorkerOptions {
  /** Handlers that run at once, 1 to 1,000. Default 10. */
  concurrency?: number;
  /** Queues to claim from. Default: those of the job types. */
  queues?: readonly string[];
  /** A process that sends no heartbeat for this long loses its jobs. Default 15,000. Ignored on the embedded database. */
  leaseMs?: number;
  /** How often to poll for work that was not announced. Default 30,000 if all work is announced, else 2,000. */
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
  requireKind('config-invalid', 'worker.queues', options.queues, listOf(TEXT));
  if (options.queues?.length === 0) {
    throw new HumdrumError(
      'config-invalid',
      'worker.queues must name at least one queue. Leave it out to claim from all queues of the job types.',
    );
  }
  for (const [name, { least, most }] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (value !== undefined) {
      requireWhole(`worker.${name}`, value, { least, most, code: 'config-invalid' });
    }
  }
  const { concurrency = 10, leaseMs = 15_000, pollMs, queues } = options;
  return { concurrency, leaseMs, ...(pollMs && { pollMs }), ...(queues && { queues }) };
}

/** Connections reserved for claiming, settling, heartbeats and upkeep: handlers must not use them all. */
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
    `A worker with concurrency ${concurrency} needs ${needed} connections, ${RESERVED} of them for itself; this database was opened with ${connections}.`,
  );
}
