import type { Readable } from 'node:stream';
import type { Queryable, Transaction } from '../../database/database.ts';
import type { Json } from '../base/json.ts';
import type { Status } from './lifecycle.ts';
import type { Enqueued, EnqueueOptions, JobRequest, TypeRef } from './request.ts';

/** The handler's world. Everything that could differ between two runs of one job comes from here. It may be taken apart. */
export interface Context {
  readonly job: {
    readonly type: string;
    /** Null in a rehearsal: a rehearsed job is no row. */
    readonly id: number | null;
    /** From 1. */
    readonly attempt: number;
  };

  /** Logical time: a scheduled job's tick, any other job's `run_at`. The same in every attempt, never the wall clock. */
  readonly now: Date;

  /** Seeded, uniform in [0, 1): the same sequence in every attempt. */
  readonly random: () => number;

  /** A UUID made from the job and `name`: the same in every attempt. */
  readonly id: (name: string) => string;

  /** In an atomic job one transaction, opened at first use, that commits together with the job's completion. */
  readonly db: ContextDatabase;

  /** Each item in a savepoint of its own: a bad item is reported in the answer and does not stop the others. */
  forEach<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    fn: (item: Item, db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>>;

  /** As `forEach`, in sets of `size`: a set that fails is undone and halved until its bad items stand alone. */
  forEachSet<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    size: number,
    fn: (set: Item[], db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>>;

  /** Persists a job together with this one: in an atomic job both commit or neither. */
  readonly enqueue: <Input>(
    type: TypeRef<Input> | string,
    input?: Input,
    options?: EnqueueOptions & Pick<JobRequest, 'children'>,
  ) => Promise<Enqueued>;

  /** All of them, in order, or none. */
  readonly enqueueMany: (requests: readonly JobRequest[]) => Promise<Enqueued[]>;

  /** How the children ended that this job waited for, in order. Empty in a rehearsal. */
  readonly children: () => Promise<ChildReport[]>;

  /** Records an event with the job. It leaves the transaction only when the job completes. */
  readonly emit: (event: string, data: Json) => void;

  /** Records a message to people with the job, for the channel of this name. It leaves when the job completes. */
  readonly notify: (message: Notification) => void;

  /** Files, stored under the hash of their content and named with the job when it completes. */
  readonly files: ContextFiles;

  /** Aborted at the timeout, when the worker loses its lease, or at a shutdown that will not wait. */
  readonly signal: AbortSignal;

  /** Kept with the attempt: at most 200 lines of at most 2,000 characters. */
  readonly log: (message: string, fields?: Record<string, Json>) => void;

  /** True in a dry run: the transaction will be rolled back and nothing delivered. */
  readonly rehearsal: boolean;
}

/** A message to people. What a channel makes of it is the channel's matter. */
export interface Notification {
  /** The name of a channel: `email`, `chat`. */
  channel: string;
  /** Whom it is for, in the channel's form. */
  to: string;
  subject?: string;
  text: string;
  data?: Json;
}

export interface ContextDatabase extends Queryable {
  /** A savepoint in an atomic job; a transaction of its own in a job with `atomic: false`. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
}

export interface ContextFiles {
  /**
   * Stores all of `data`, read once and never held in memory as a whole. The same content is stored once, however often
   * it is put. A rehearsal only reads it. Errors: `files-missing`, and those of the storage.
   */
  readonly put: (
    name: string,
    data: FileData,
    options?: {
      /** Default `application/octet-stream`. */
      contentType?: string;
    },
  ) => Promise<FileFact>;

  /** The content of a file that any job has put. Errors: `file-not-found`, `files-missing`, and those of the storage. */
  readonly get: (sha256: string) => Promise<Readable>;
}

/** A file as its job names it. */
export interface FileFact {
  name: string;
  /** Of its content, in hexadecimal: its address. */
  sha256: string;
  bytes: number;
  contentType: string;
}

export interface ForEachReport<Item> {
  succeeded: number;
  failed: { item: Item; error: string }[];
}

/** What a file may be made of. Node's `Readable` and the web's `ReadableStream` are iterables of this kind. */
export type FileData = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** How a child ended that a job waited for. */
export interface ChildReport {
  id: number;
  type: string;
  status: Status;
  /** Of a completed one. */
  result: Json;
  errorClass: string | null;
  errorMessage: string | null;
}
