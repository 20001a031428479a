import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { runOutside } from '../../database/ambient.ts';
import type { Database, Queryable } from '../../database/database.ts';

/** This process, unlike any other that ever had its host name and pid. */
const processName = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

export interface MembershipOptions {
  /** A process that is silent for this long has lost its jobs. */
  leaseMs: number;
  /** What it runs, for people to see. */
  queues?: readonly string[];
  types?: readonly string[];
  /** Called once, when no heartbeat has come through in time. The member is then no worker any more. */
  onLost(): void;
  onTrouble(error: unknown): void;
}

/**
 * A worker's place among the living. One heartbeat, on the database's clock, renews all its leases. A member that has no
 * answer for as long as a lease knows by itself that it is lost: whoever is cut off hears it from nobody.
 */
export class Membership {
  readonly workerId: number;
  readonly #database: Database;
  readonly #options: MembershipOptions;
  #nextBeat: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #over = false;

  private constructor(database: Database, workerId: number, options: MembershipOptions) {
    this.#database = database;
    this.workerId = workerId;
    this.#options = options;
  }

  static async join(database: Database, options: MembershipOptions): Promise<Membership> {
    await expireOtherWorkers(database);
    // Nobody else can have an exclusive database open, so there a lease lives exactly as long as its process.
    const leaseMs = database.exclusive ? null : options.leaseMs;
    const askedMs = performance.now();
    const workerId = await register(database, leaseMs, options);
    const membership = new Membership(database, workerId, options);
    if (leaseMs !== null) runOutside(() => membership.#heardAt(askedMs));
    return membership;
  }

  async leave(): Promise<void> {
    this.#stopBeating();
    await resign(this.#database, this.workerId);
  }

  /** Alive for one lease from the moment at which the database was asked. */
  #heardAt(askedMs: number): void {
    clearTimeout(this.#end);
    const leftMs = askedMs + this.#options.leaseMs - performance.now();
    this.#end = setTimeout(() => this.#lose(), leftMs);
    this.#scheduleBeat();
  }

  #scheduleBeat(): void {
    this.#nextBeat = setTimeout(() => void this.#beat(), this.#options.leaseMs / 3);
  }

  async #beat(): Promise<void> {
    const askedMs = performance.now();
    try {
      const alive = await beat(this.#database, this.workerId, this.#options.leaseMs);
      if (this.#over) return;
      if (alive) this.#heardAt(askedMs);
      else this.#lose();
    } catch (error) {
      this.#options.onTrouble(error);
      if (!this.#over) this.#scheduleBeat();
    }
  }

  #lose(): void {
    if (this.#over) return;
    this.#stopBeating();
    this.#options.onLost();
  }

  #stopBeating(): void {
    this.#over = true;
    clearTimeout(this.#nextBeat);
    clearTimeout(this.#end);
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

/** False: too late, the leases have passed, and nothing brings them back. */
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

/** On a database that only this process can have open, every other worker is dead: no need to wait for its leases. */
export async function expireOtherWorkers(db: Database): Promise<void> {
  if (!db.exclusive) return;
  await db.query(
    'update humdrum.worker set expires_at = humdrum.clock() where name <> $1 and expires_at > humdrum.clock()',
    [processName],
  );
}
