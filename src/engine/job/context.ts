import type { Readable } from 'node:stream';
import type { Queryable, Transaction } from '../../database/database.ts';
import type { Names } from '../../errors.ts';
import type { Json } from '../base/json.ts';
import type { Status } from './lifecycle.ts';
import type { Enqueued, EnqueueOptions, JobRequest, TypeRef } from './request.ts';

/** What a handler works with. Everything that could differ between two runs of one job comes from here. Can be destructured. */
export interface Context {
  readonly job: {
    readonly type: string;
    /** Null in a rehearsal, which has no job. */
    readonly id: number | null;
    /** From 1. */
    readonly attempt: number;
  };

  /** The job's logical time: the tick of a scheduled job, else its `runAt`. The same in every attempt; not the wall clock. */
  readonly now: Date;

  /** Seeded, uniform in [0, 1): the same sequence in every attempt. */
  readonly random: () => number;

  /** A UUID made from the job and `name`: the same in every attempt. */
  readonly id: (name: string) => string;

  /** In an atomic job: one transaction, opened at first use, that commits together with the job's completion. */
  readonly db: ContextDatabase;

  /** Runs `fn` for each item in its own savepoint. A failing item is reported in the result and does not stop the others. */
  forEach<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    fn: (item: Item, db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>>;

  /** As `forEach`, in sets of `size`. A failing set is rolled back and halved until its bad items are isolated. */
  forEachSet<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    size: number,
    fn: (set: Item[], db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>>;

  /** Persists a job together with this one: in an atomic job both commit or neither. */
  readonly enqueue: <Given>(
    type: TypeRef<Given> | string,
    input?: NoInfer<Given>,
    options?: EnqueueOptions & Pick<JobRequest, 'children'>,
  ) => Promise<Enqueued>;

  /** Persists all requests, in order, or none. */
  readonly enqueueMany: (requests: readonly JobRequest[]) => Promise<Enqueued[]>;

  /** How the children of this job ended, in order. Empty in a rehearsal. */
  readonly children: () => Promise<ChildReport[]>;

  /** Records an event. It is delivered to subscribers after the job completes. */
  readonly emit: (event: string, data: Json) => void;

  /** Records a notification. It is delivered through its channel after the job completes. */
  readonly notify: (message: Notification) => void;

  /** Files, stored under the hash of their content. Their names are recorded when the job completes. */
  readonly files: ContextFiles;

  /** Aborted at the timeout, when the worker loses its lease, and at the deadline of a shutdown. */
  readonly signal: AbortSignal;

  /** Adds a line to the attempt's log: at most 200 lines of at most 2,000 characters. */
  readonly log: (message: string, fields?: Record<string, Json>) => void;

  /** True in a dry run: the transaction will be rolled back and nothing delivered. */
  readonly rehearsal: boolean;
}

/** A message to people. The channel decides how to present it. */
export interface Notification {
  /** The name of a channel: `email`, `chat`. */
  channel: string;
  /** The recipient, in the channel's format. */
  to: string;
  subject?: string;
  text: string;
  data?: Json;
}

export const NOTIFICATION = {
  channel: true,
  to: true,
  subject: true,
  text: true,
  data: true,
} satisfies Names<Notification>;

export interface ContextDatabase extends Queryable {
  /** A savepoint in an atomic job; a transaction of its own in a job with `atomic: false`. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
}

export interface ContextFiles {
  /**
   * Stores `data`, which is read once, as a stream. The same content is stored only once. A rehearsal reads the data and
   * stores nothing. Errors: `files-missing`, and those of the storage.
   */
  readonly put: (
    name: string,
    data: FileData,
    options?: {
      /** Default `application/octet-stream`. */
      contentType?: string;
    },
  ) => Promise<FileFact>;

  /** The content of a file that any job has stored. Errors: `file-not-found`, `files-missing`, and those of the storage. */
  readonly get: (sha256: string) => Promise<Readable>;
}

/** A stored file, as its job recorded it. */
export interface FileFact {
  name: string;
  /** The SHA-256 of the content, in hexadecimal: the key in the storage. */
  sha256: string;
  bytes: number;
  contentType: string;
}

export interface ForEachReport<Item> {
  succeeded: number;
  failed: { item: Item; error: string }[];
}

/** The content of a file. Node's `Readable` and the web's `ReadableStream` are such iterables. */
export type FileData = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** How a child ended. */
export interface ChildReport {
  id: number;
  type: string;
  status: Status;
  /** Null unless completed. */
  result: Json;
  errorClass: string | null;
  errorMessage: string | null;
}
