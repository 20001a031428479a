import type { Database, OpenTransaction } from '../database/database.ts';
import type { ClaimedJob } from './claim.ts';
import type { Context } from './context.ts';
import { Recorder, type Effect, type LogLine } from './recorder.ts';
import { errorFact, type ErrorFact } from './error-fact.ts';
import { forEachSet } from './for-each.ts';
import { HandlerTransaction, steppingDatabase } from './handler-database.ts';
import type { Json, JobType } from './job-type.ts';
import { seededRandom, seededUuid } from './random.ts';
import type { TableChange } from './row-counts.ts';

/** What a handler needs to know of its job. A claimed job has it all; a rehearsed one has no id. */
export type Runnable = Pick<ClaimedJob, 'attempt' | 'input' | 'runAt' | 'seed'> & {
  id: number | null;
};

export interface ExecuteOptions {
  database: Database;
  /** Aborts the handler from outside. */
  signal: AbortSignal;
  rehearsal?: boolean;
  /** Count the rows that it changes. */
  measure?: boolean;
}

/** How a handler ended, as a value: nothing has been written of it yet. */
export interface Outcome {
  readonly ended: { result: Json } | { error: ErrorFact; permanent: boolean };
  readonly effects: readonly Effect[];
  readonly log: readonly LogLine[];
  readonly durationMs: number;
  /** Null where rows were not counted. */
  readonly changes: TableChange[] | null;
  /** The handler's own transaction, still open. Whoever settles the outcome ends it. */
  readonly transaction: OpenTransaction | null;
}

/** Runs a handler once: its context, its time limit, its transaction. Writes nothing and never throws for what the handler does. */
export async function execute(
  type: JobType,
  job: Runnable,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { database, rehearsal = false, measure = false } = options;
  const recorder = new Recorder();
  const own = type.atomic || rehearsal ? new HandlerTransaction(database, measure) : null;
  const db = own ?? steppingDatabase(database);
  const limit = timeLimit(type, options.signal);
  const ctx = createContext(type, job, { db, recorder, signal: limit.signal, rehearsal });
  const startedMs = performance.now();
  let ended: Outcome['ended'];
  let changes: TableChange[] | null = null;
  try {
    const handler = async (): Promise<unknown> => type.run(ctx, job.input);
    const result = await Promise.race([own ? own.run(handler) : handler(), limit.aborted]);
    ended = { result: toJson(type, result) };
    changes = (await own?.changes()) ?? null;
  } catch (error) {
    ended = errorFact(error);
  } finally {
    limit.clear();
  }
  return {
    ended,
    effects: recorder.effects,
    log: recorder.log,
    durationMs: performance.now() - startedMs,
    changes,
    transaction: (await own?.handOver()) ?? null,
  };
}

interface World {
  db: Context['db'];
  recorder: Recorder;
  signal: AbortSignal;
  rehearsal: boolean;
}

function createContext(type: JobType, job: Runnable, world: World): Context {
  const { db, recorder } = world;
  // Effects of a set that was undone are undone with it.
  const inTransaction: typeof db.transaction = async (fn) => {
    const mark = recorder.mark();
    try {
      return await db.transaction(fn);
    } catch (error) {
      recorder.undoTo(mark);
      throw error;
    }
  };
  return {
    job: { type: type.type, id: job.id, attempt: job.attempt },
    now: job.runAt,
    random: seededRandom(`${job.seed}/random`),
    id: (name) => seededUuid(job.seed, name),
    db: { query: (sql, params) => db.query(sql, params), transaction: inTransaction },
    forEach: (items, fn) =>
      forEachSet(inTransaction, items, 1, ([item], tx) => fn(item as never, tx)),
    forEachSet: (items, size, fn) => forEachSet(inTransaction, items, size, fn),
    emit: (event, data) => recorder.emit(event, data),
    log: (message, fields) => recorder.write(message, fields),
    signal: world.signal,
    rehearsal: world.rehearsal,
  };
}

interface TimeLimit {
  signal: AbortSignal;
  /** Rejects when the signal aborts; never resolves. */
  aborted: Promise<never>;
  clear(): void;
}

function timeLimit(type: JobType, outer: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const { signal } = controller;
  const { timeoutMs } = type;
  const timer =
    timeoutMs === null
      ? null
      : setTimeout(() => controller.abort(new TimeoutError(type.type, timeoutMs)), timeoutMs);
  const abort = (): void => controller.abort(outer.reason);
  if (outer.aborted) abort();
  outer.addEventListener('abort', abort);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  aborted.catch(() => undefined); // It may come when nobody races it any more.
  return {
    signal,
    aborted,
    clear: () => {
      if (timer) clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}

class TimeoutError extends Error {
  constructor(type: string, timeoutMs: number) {
    super(`${type} took longer than its limit of ${timeoutMs} ms`);
    this.name = 'Timeout';
  }
}

function toJson(type: JobType, result: unknown): Json {
  if (result === undefined) return null;
  try {
    return JSON.parse(JSON.stringify(result) ?? 'null') as Json;
  } catch (cause) {
    throw new TypeError(`The result of ${type.type} cannot be stored as JSON.`, { cause });
  }
}
