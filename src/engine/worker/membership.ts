import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runOutside } from '../../database/ambient.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { NoReplyError } from '../../database/reply.ts';
import { StopSource } from '../handler/interruption.ts';
import type { Runtime } from '../ports/runtime.ts';

type MemberRuntime = Pick<Runtime, 'database' | 'onEvent'>;

/**
 * Of the lease: a heartbeat that takes longer has no reply. All connections are cut off then, so that a claim or a settlement
 * that waits over a dead one fails, and is made again over a new one.
 */
const LIMIT_OF_LEASE = 2 / 3;
const LEAST_LIMIT_MS = 2_000;

/** Unique to this process: an earlier process may have had the same host name and pid. */
const processName = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

export interface MembershipOptions {
  /** A process that sends no heartbeat for this long loses its jobs. */
  leaseMs: number;
  /** What it runs, shown to operators. */
  queues?: readonly string[];
  types?: readonly string[];
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
    const limitMs = Math.max(LEAST_LIMIT_MS, options.leaseMs * LIMIT_OF_LEASE);
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
    if (leaseMs !== null) runOutside(() => membership.#renewed(sentMs));
    return membership;
  }

  /** `unused`: it has claimed nothing, so no history names it, and nothing of it is kept. */
  async leave({ unused = false }: { unused?: boolean } = {}): Promise<void> {
    this.#stopBeating();
    const { database } = this.#runtime;
    if (unused && (await removeUnused(database, this.workerId))) return;
    await markLeft(database, this.workerId);
  }

  /** Counts the lease from when the query was sent: the database cannot have renewed it earlier. */
  #renewed(sentMs: number): void {
    clearTimeout(this.#expiry);
    const leftMs = sentMs + this.#leaseMs - performance.now();
    this.#expiry = setTimeout(() => this.#lose(), leftMs);
    this.#scheduleBeat();
  }

  #scheduleBeat(): void {
    this.#nextBeat = setTimeout(() => void this.#beat(), this.#leaseMs / 3);
  }

  async #beat(): Promise<void> {
    const sentMs = performance.now();
    try {
      const alive = await renewLease(this.#runtime.database, this.workerId, this.#leaseMs);
      if (this.#over) return;
      if (alive) this.#renewed(sentMs);
      else this.#lose();
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'heartbeat', error });
      if (error instanceof NoReplyError) this.#runtime.database.reconnect();
      if (!this.#over) this.#scheduleBeat();
    }
  }

  #lose(): void {
    if (this.#over) return;
    this.#stopBeating();
    this.#onLost();
  }

  #stopBeating(): void {
    this.#over = true;
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
  { queues = [], types = [] }: MembershipOptions,
): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into humdrum.worker (name, started_at, expires_at, queues, types)
     select $1, now, coalesce(now + $2::float8 * interval '1 millisecond', 'infinity'), $3, $4
     from (select humdrum.clock() as now) as clock returning id`,
    [processName, leaseMs, queues, types],
  );
  return (rows[0] as { id: number }).id;
}

/** Returns false if the worker is marked as lost. A late heartbeat renews its leases, as long as nobody has rescued its jobs. */
async function renewLease(db: Queryable, workerId: number, leaseMs: number): Promise<boolean> {
  const { rows } = await db.query(
    `update humdrum.worker set expires_at = humdrum.clock() + $2::float8 * interval '1 millisecond'
     where id = $1 and lost_at is null returning id`,
    [workerId, leaseMs],
  );
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
