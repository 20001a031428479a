import type { Database } from '../../database/database.ts';
import type { Limits } from '../job/limit-rule.ts';
import type { Registry } from '../job/registry.ts';
import type { Enqueued, JobRequest } from '../job/request.ts';
import type { Vault } from '../job/secrets.ts';
import type { Listener } from './events.ts';
import type { FileStorage } from './file-storage.ts';
import type { Tracing } from './tracing.ts';

/** `ready`: jobs may start. `later`: upkeep has something to do first, such as promoting a job when it comes due. */
export type NewWork = 'ready' | 'later';

/** Persists the jobs that a program or a handler asks for. */
export interface Enqueues {
  /** Persists all requests, in order, or none. Inside an open transaction they belong to it. */
  enqueue(requests: readonly JobRequest[], actor: string): Promise<Enqueued[]>;
}

/** What the parts of one process share. */
export interface Runtime {
  readonly database: Database;
  readonly types: Registry;
  readonly limits: Limits;
  readonly vault: Vault;
  readonly enqueuer: Enqueues;
  /** Null if none is configured. */
  readonly files: FileStorage | null;
  /** Null if none is configured. */
  readonly tracing: Tracing | null;
  readonly onEvent: Listener;
  /** Tells the workers, in this process and others, that there is new work. Only a hint: they also poll. */
  readonly notify: (work: NewWork) => Promise<void>;
}

/** What a worker is doing at this moment. */
export interface WorkerActivity {
  /** Null if the worker has lost its lease or has none yet. */
  readonly workerId: number | null;
  readonly stopping: boolean;
  /** The last claim failed: the database does not reply, or refuses. */
  readonly claimsFail: boolean;
  readonly concurrency: number;
  /** Running handlers. */
  readonly running: number;
  /** Jobs that were claimed and have not started. */
  readonly inHand: number;
  /** Jobs that have ended and wait to be settled in a batch. */
  readonly unsettled: number;
}
