import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runOutside } from '../../database/ambient.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { StopSource } from '../handler/interruption.ts';
import type { Runtime } from '../ports/runtime.ts';

type MemberRuntime = Pick<Runtime, 'database' | 'onEvent'>;

/** Unique to this process, also among those that had its host name and pid before. */
const processName = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

export interface MembershipOptions {
  /** A process that is silent for this long loses its jobs. */
  leaseMs: number;
  /** What it runs, for operators to see. */
  queues?: readonly string[];
  types?: readonly string[];
}

/**
 * A worker's membership. One heartbeat, on the database's clock, renews all its leases. A member that gets no answer for the
 * length of a lease concludes by itself that it is lost: nothing can reach a process that is cut off.
 */
export class Membership {
  readonly workerId: number;
  readonly #runtime: MemberRuntime;
  readonly #leaseMs: number;
  readonly #onLost: () => void;
  #nextBeat: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
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

  /** `onLost` is called once, when no heartbeat has come through in time. The member is no worker any more then. */
  static async join(
    runtime: MemberRuntime,
    options: MembershipOptions,
    onLost: () => void,
  ): Promise<Membership> {
    const { database } = runtime;
    // No other process can open an exclusive database, so a lease there lives exactly as long as its process.
    const leaseMs = database.exclusive ? null : options.leaseMs;
    const askedMs = performance.now();
    const workerId = await register(database, leaseMs, options);
    const membership = new Membership(runtime, workerId, options.leaseMs, onLost);
    if (leaseMs !== null) runOutside(() => membership.#heardAt(askedMs));
    return membership;
  }

  async leave(): Promise<void> {
    this.#stopBeating();
    await resign(this.#runtime.database, this.workerId);
  }

  /** The lease counts from the moment at which the database was asked. */
  #heardAt(askedMs: number): void {
    clearTimeout(this.#end);
    const leftMs = askedMs + this.#leaseMs - performance.now();
    this.#end = setTimeout(() => this.#lose(), leftMs);
    this.#scheduleBeat();
  }

  #scheduleBeat(): void {
    this.#nextBeat = setTimeout(() => void this.#beat(), this.#leaseMs / 3);
  }

  async #beat(): Promise<void> {
    const askedMs = performance.now();
    try {
      const alive = await beat(this.#runtime.database, this.workerId, this.#leaseMs);
      if (this.#over) return;
      if (alive) this.#heardAt(askedMs);
      else this.#lose();
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'heartbeat', error });
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
    clearTimeout(this.#end);
  }
}

/** Is a member while `work` runs. Its stop source is stopped if the lease is lost. */
export async function asMember<T>(
  runtime: MemberRuntime,
  options: MembershipOptions,
  work: (workerId: number, stop: StopSource) => Promise<T>,
): Promise<T> {
  const stop = new StopSource();
  const membership = await Membership.join(runtime, options, () =>
    stop.stop(new Error('This process has lost its lease.')),
  );
  try {
    return await work(membership.workerId, stop);
  } finally {
    await membership.leave();
  }
}

async function register(
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

/** Returns false if the leases have passed already: nothing brings them back. */
async function beat(db: Queryable, workerId: number, leaseMs: number): Promise<boolean> {
  const { rows } = await db.query(
    `update humdrum.worker set expires_at = humdrum.clock() + $2::float8 * interval '1 millisecond'
     where id = $1 and expires_at > humdrum.clock() returning id`,
    [workerId, leaseMs],
  );
  return rows.length > 0;
}

async function resign(db: Queryable, workerId: number): Promise<void> {
  await db.query(
    'update humdrum.worker set expires_at = humdrum.clock(), left_at = humdrum.clock() where id = $1 and expires_at > humdrum.clock()',
    [workerId],
  );
}

/** On a database that only one process can open, every earlier worker is dead: its leases need not run out. */
export async function expireOtherWorkers(db: Database): Promise<void> {
  if (!db.exclusive) return;
  await db.query(
    'update humdrum.worker set expires_at = humdrum.clock() where name <> $1 and expires_at > humdrum.clock()',
    [processName],
  );
}
