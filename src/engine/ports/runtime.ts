import type { Database } from '../../database/database.ts';
import type { Enqueued, JobRequest } from '../job/request.ts';
import type { Listener } from './events.ts';
import type { FileStorage } from './file-storage.ts';
import type { Limits } from '../job/limit-rule.ts';
import type { Registry } from '../job/registry.ts';
import type { Vault } from '../job/secrets.ts';
import type { Tracing } from './tracing.ts';

/** Persists the jobs that a program or a handler asks for. */
export interface Enqueues {
  /** All of them, in order, or none. Inside an open transaction they belong to it. */
  enqueue(requests: readonly JobRequest[], actor: string): Promise<Enqueued[]>;
}

/** What the parts of one process share. */
export interface World {
  readonly database: Database;
  readonly types: Registry;
  readonly limits: Limits;
  readonly vault: Vault;
  readonly enqueuer: Enqueues;
  /** Null where none is configured. */
  readonly files: FileStorage | null;
  /** Null: nobody follows jobs. */
  readonly tracing: Tracing | null;
  readonly onEvent: Listener;
  /** Jobs have become ready that other processes may want too. */
  readonly onWoken: () => void;
}
