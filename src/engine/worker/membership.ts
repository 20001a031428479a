import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runOutside } from '../../database/ambient.ts';
import type { Beat } from '../../database/beat.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { NoReplyError } from '../../database/reply.ts';
import { StopSource } from '../handler/interruption.ts';
import type { Runtime } from '../ports/runtime.ts';
import { replyLimitMs } from './reply-watch.ts';

type MemberRuntime = Pick<Runtime, 'database' | 'onEvent'>;

const AFTER_FAILURE_MS = 500;

/** Unique to this process: an earlier process may have had the same host name and pid. */
const processName = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

export interface MembershipOptions {
  /** A process that sends no heartbeat for this long loses its jobs. */
  leaseMs: number;
  /** What it runs, shown to operators. */
  queues?: readonly string[];
  types?: readonly string[];
  /** The rules of its schedules, see `ruleText`. */
  rules?: readonly string[];
  /** Given: heartbeats are sent from a thread of their own, so a handler that computes for long loses no lease. */
  blocking?: Blocking;
}

/** What a worker knows of handlers that block its event loop. */
export interface Blocking {
  /** How long the running ones may. */
  toleranceMs: () => number;
  /** Called when the event loop goes on after it was blocked for this long. */
  onBlocked: (ms: number) => void;
}

/**
 * A worker's membership. One heartbeat, on the database's clock, renews all its leases. A member whose heartbeats get no
 * reply for `leaseMs` treats its lease as lost: nothing can notify a process that is cut off.
 */
export class Membership {
  readonly workerId: number;
  readonly #runtime: MemberRuntime;
  readonly #leaseMs: number;
  readonly #onLost: () => void;
  #beat: Beat | null = null;
  #nextBeat: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #over = false;

  private constructor(
    runtime: MemberRuntime,
    workerId: number,
    leaseMs: number,
    onLost: () => void,
  ) {
    this.#runtime = runtime;
    this.workerId = workerId;
    this.#leaseMs = leaseMs;
    this.#onLost = onLost;
  }

  /** `onLost` is called once, when no heartbeat succeeded in time. The membership has ended by then. */
  static async join(
    runtime: MemberRuntime,
    options: MembershipOptions,
    onLost: () => void,
  ): Promise<Membership> {
    const limitMs = replyLimitMs(options.leaseMs);
    const database = runtime.database.within(limitMs);
    if (!expired.has(database)) await expireOtherWorkers(database);
    // No other process can open an exclusive database, so a lease there lives exactly as long as its process.
    const leaseMs = database.exclusive ? null : options.leaseMs;
    const sentMs = performance.now();
    const workerId = await insertWorker(database, leaseMs, options).catch((error: unknown) => {
      if (error instanceof NoReplyError) database.reconnect();
      throw error;
    });
    const membership = new Membership({ ...runtime, database }, workerId, options.leaseMs, onLost);
    if (leaseMs !== null) runOutside(() => membership.#start(sentMs, limitMs, options.blocking));
    return membership;
  }

  /** A handler begins that may block the event loop for this long. */
  tolerate(ms: number): void {
    this.#beat?.tolerate(ms);
  }

  /** `unused`: it has claimed nothing, so no history names it, and nothing of it is kept. */
  async leave({ unused = false }: { unused?: boolean } = {}): Promise<void> {
    this.#stopBeating();
    const { database } = this.#runtime;
    if (unused && (await removeUnused(database, this.workerId))) return;
    await markLeft(database, this.workerId);
  }

  #start(sentMs: number, limitMs: number, blocking?: Blocking): void {
    this.#beat = blocking ? this.#beatInThread(limitMs, blocking) : null;
    this.#renewed(sentMs);
  }

  #beatInThread(limitMs: number, blocking: Blocking): Beat | null {
    const { database } = this.#runtime;
    return database.beat({
      ...blocking,
      sql: RENEW,
      params: [this.workerId, this.#leaseMs],
      everyMs: this.#leaseMs / 3,
      limitMs,
      onOver: () => this.#lose(),
      onTrouble: (error) => this.#tellTrouble(error),
      onBroken: (error) => {
        this.#tellTrouble(error);
        this.#beat = null;
        if (!this.#over) this.#scheduleBeat();
      },
    });
  }

  #tellTrouble(error: unknown): void {
    this.#runtime.onEvent({ event: 'trouble', doing: 'heartbeat', error });
    if (error instanceof NoReplyError) this.#runtime.database.reconnect();
  }

  /** Counts the lease from when the query was sent: the database cannot have renewed it earlier. */
  #renewed(sentMs: number): void {
    clearTimeout(this.#expiry);
    const leftMs = sentMs + this.#leaseMs - performance.now();
    this.#expiry = setTimeout(() => this.#expire(), leftMs);
    if (!this.#beat?.hasRun) this.#scheduleBeat();
  }

  #expire(): void {
    const sentMs = this.#beat?.lastSentMs ?? -Infinity;
    if (sentMs + this.#leaseMs > performance.now()) this.#renewed(sentMs);
    else this.#lose();
  }

  #scheduleBeat(inMs = this.#leaseMs / 3): void {
    this.#nextBeat = setTimeout(() => void this.#beatHere(), inMs);
  }

  async #beatHere(): Promise<void> {
    if (this.#beat?.hasRun) return;
    const sentMs = performance.now();
    try {
      const alive = await renewLease(this.#runtime.database, this.workerId, this.#leaseMs);
      if (this.#over) return;
      if (alive) this.#renewed(sentMs);
      else this.#lose();
    } catch (error) {
      this.#tellTrouble(error);
      if (!this.#over) this.#scheduleBeat(Math.min(this.#leaseMs / 3, AFTER_FAILURE_MS));
    }
  }

  #lose(): void {
    if (this.#over) return;
    this.#stopBeating();
    this.#onLost();
  }

  #stopBeating(): void {
    this.#over = true;
    this.#beat?.stop();
    clearTimeout(this.#nextBeat);
    clearTimeout(this.#expiry);
  }
}

/**
 * Runs `work` as a member. Its stop source is stopped if the lease is lost. `isUnused` is asked when the work has ended: whether
 * it has claimed nothing.
 */
export async function asMember<T>(
  runtime: MemberRuntime,
  options: MembershipOptions,
  work: (workerId: number, stop: StopSource) => Promise<T>,
  isUnused: () => boolean = () => false,
): Promise<T> {
  const stop = new StopSource();
  const membership = await Membership.join(runtime, options, () =>
    stop.stop(new Error('This process has lost its lease.')),
  );
  let unused = false;
  try {
    const result = await work(membership.workerId, stop);
    unused = isUnused();
    return result;
  } finally {
    await membership.leave({ unused });
  }
}

async function insertWorker(
  db: Queryable,
  leaseMs: number | null,
  { queues = [], types = [], rules = [] }: MembershipOptions,
): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into humdrum.worker (name, started_at, expires_at, queues, types, rules)
     select $1, now, coalesce(now + $2::float8 * interval '1 millisecond', 'infinity'), $3, $4, $5
     from (select humdrum.clock() as now) as clock returning id`,
    [processName, leaseMs, queues, types, rules],
  );
  return (rows[0] as { id: number }).id;
}

const RENEW = `
update humdrum.worker set expires_at = humdrum.clock() + $2::float8 * interval '1 millisecond',
  blocked_since = case when $3 then coalesce(blocked_since, humdrum.clock()) end
where id = $1 and lost_at is null and left_at is null returning id`;

/** Returns false if the worker is marked as lost. A late heartbeat renews its leases, as long as nobody has rescued its jobs. */
async function renewLease(db: Queryable, workerId: number, leaseMs: number): Promise<boolean> {
  const { rows } = await db.query(RENEW, [workerId, leaseMs, false]);
  return rows.length > 0;
}

/** Returns false if it holds a lease after all: a claim without a reply may have taken jobs. */
async function removeUnused(db: Queryable, workerId: number): Promise<boolean> {
  const { rows } = await db.query(
    'delete from humdrum.worker where id = $1 and not exists (select from humdrum.lease where worker_id = $1) returning id',
    [workerId],
  );
  return rows.length > 0;
}

async function markLeft(db: Queryable, workerId: number): Promise<void> {
  await db.query(
    'update humdrum.worker set expires_at = humdrum.clock(), left_at = humdrum.clock() where id = $1 and expires_at > humdrum.clock()',
    [workerId],
  );
}

/** Databases whose earlier workers this process has expired already. */
const expired = new WeakSet<Database>();

/** Only one process can open an exclusive database, so every earlier worker is dead: its leases are expired at once. */
export async function expireOtherWorkers(db: Database): Promise<void> {
  if (!db.exclusive) return;
  await db.query(
    'update humdrum.worker set expires_at = humdrum.clock() where name <> $1 and expires_at > humdrum.clock()',
    [processName],
  );
  expired.add(db);
}
