import type { Action, Status } from '../../src/engine/job/lifecycle.ts';
import { allowedActions } from '../../src/engine/job/lifecycle.ts';

/** What is asked for when a job is enqueued. Times in milliseconds. */
export interface Order {
  type: string;
  queue: string;
  dueAt: number;
  priority: number;
  maxAttempts: number;
  gates: readonly { name: string; weight: number }[];
  startBy: number | null;
  /** With its type in front. */
  key: string | null;
  /** Null: while the job is open. */
  holdMs: number | null;
  onChildFailure: 'fail' | 'continue' | null;
  parent: Job | null;
}

export interface Job extends Order {
  id: number;
  status: Status;
  attempts: number;
  /** In `ready` or in a line, no longer waiting for a time or for children. */
  due: boolean;
  awaiting: boolean;
  rank: number;
  /** Has started and not ended: keeps its place in a strict order. */
  turn: boolean;
  everStarted: boolean;
  dueAtOnce: boolean;
  /** Who runs it, or ran it last. */
  worker: number;
  /** How often it was not charged for a lost worker. */
  losses: number;
  /** Waits to run alone. */
  alone: boolean;
  /** Of each gate, while it runs. */
  takes: Map<string, number>;
}

export interface Rule {
  concurrency: number | null;
  rate: { tokens: number; perMs: number } | null;
  ordered: boolean;
}

const DAY_MS = 86_400_000;
const isOpen = ({ status }: Job): boolean => status === 'queued' || status === 'running';

/** What the contract says of jobs, without a database. Where the engine may choose, the model is told and objects. */
export class Model {
  now = 0;
  readonly jobs = new Map<number, Job>();
  readonly rules = new Map<string, Rule>();
  readonly keys = new Map<string, { job: Job; until: number | null; since: number }>();
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** The job that has the key, as far as it still counts. */
  holder(key: string | null): Job | null {
    const held = key === null ? undefined : this.keys.get(key);
    return held && (held.until === null || held.until > this.now) ? held.job : null;
  }

  /** `since`: of the first of those that were put off one after another. */
  created(id: number, order: Order, since = this.now): Job {
    // A parent has the turn of its enqueue, however long it may wait for its children.
    const late = order.onChildFailure === null ? Math.max(order.dueAt, this.now) : this.now;
    const job: Job = {
      ...order,
      id,
      status: 'queued',
      attempts: 0,
      due: order.dueAt <= this.now,
      awaiting: order.onChildFailure !== null,
      rank: Math.round(late / 1_000) + 60 * order.priority,
      turn: false,
      everStarted: false,
      dueAtOnce: order.dueAt <= this.now && order.onChildFailure === null,
      worker: 0,
      losses: 0,
      alone: false,
      takes: new Map(),
    };
    this.jobs.set(id, job);
    if (job.key !== null) {
      const until = job.holdMs === null ? null : this.now + job.holdMs;
      this.keys.set(job.key, { job, until, since });
    }
    return job;
  }

  /** In the order in which they were made. */
  get all(): Job[] {
    return [...this.jobs.values()].toSorted((a, b) => a.id - b.id);
  }

  childrenOf(parent: Job): Job[] {
    return this.all.filter((job) => job.parent === parent);
  }

  /** Why it must not start now. */
  obstacle(job: Job): string | null {
    if (job.status !== 'queued') return `it is ${job.status}`;
    if (!job.due) return 'it is not due';
    if (job.startBy !== null && job.attempts === 0 && job.startBy <= this.now) return 'too late';
    for (const { name, weight } of this.gatesOf(job)) {
      const rule = this.rules.get(ruleName(name));
      if (!rule) continue;
      const others = this.all.filter((one) => one !== job && passes(one, name));
      const used = others.reduce((sum, { takes }) => sum + (takes.get(name) ?? 0), 0);
      if (rule.ordered && others.some(({ turn }) => turn)) return `${name}: it is another's turn`;
      if (rule.concurrency !== null) {
        const take = Math.max(1, Math.min(weight, rule.concurrency));
        if (used + take > rule.concurrency) return `${name} is full`;
      }
      if (rule.rate && this.tokensOf(name) < weight - 1e-3) return `${name} is empty`;
    }
    return null;
  }

  /** Why nobody could blame the engine for not having started it yet: an earlier one stands before it in a line. */
  isBehindAnother(job: Job): boolean {
    const names = new Set(this.gatesOf(job).map(({ name }) => name));
    return this.all.some(
      (other) =>
        other !== job &&
        other.status === 'queued' &&
        other.due &&
        other.gates.some(
          ({ name }) => names.has(name) && (this.#isOrdered(name) || isBefore(other, job)),
        ),
    );
  }

  #isOrdered(gate: string): boolean {
    return this.rules.get(ruleName(gate))?.ordered ?? false;
  }

  started(job: Job): void {
    job.status = 'running';
    job.alone = false;
    job.due = false;
    job.turn = true;
    job.everStarted = true;
    for (const { name, weight } of this.gatesOf(job)) {
      const rule = this.rules.get(ruleName(name));
      if (rule && rule.concurrency !== null)
        job.takes.set(name, Math.min(weight, rule.concurrency));
      if (rule?.rate) {
        this.#buckets.set(name, { tokens: this.tokensOf(name) - weight, at: this.now });
      }
    }
  }

  ended(job: Job, how: 'completed' | 'failed' | 'failed for good' | 'lost'): void {
    const last = how === 'failed for good' || job.attempts + 1 >= job.maxAttempts;
    job.attempts += 1;
    job.takes.clear();
    if (how === 'completed') this.#leave(job, 'completed');
    else if (last) this.#leave(job, 'failed');
    else {
      job.status = 'queued';
      job.due = how === 'lost';
      job.dueAt = this.now;
    }
  }

  /** `company`: how many jobs its worker held. Returns whether it was charged. */
  lost(job: Job, company: number): boolean {
    const charged = company === 1 || job.maxAttempts === 1 || job.losses >= 10;
    if (charged) this.ended(job, 'lost');
    else {
      this.released(job);
      job.losses += 1;
    }
    job.alone = job.status === 'queued' && job.losses >= 2;
    return charged;
  }

  released(job: Job): void {
    job.status = 'queued';
    job.due = true;
    job.takes.clear();
  }

  allows(action: Action, job: Job): boolean {
    if (!allowedActions(job.status).includes(action)) return false;
    return action === 'cancel' || [null, job].includes(this.holder(job.key)) || job.holdMs !== null;
  }

  cancelled(job: Job): void {
    this.#leave(job, 'cancelled');
  }

  /** Together: a parent waits for the children that are retried with it. `overMs`: spread evenly. */
  retried(jobs: readonly Job[], overMs = 0): void {
    for (const job of jobs) {
      job.status = 'queued';
      if (job.key !== null && job.holdMs === null) {
        this.keys.set(job.key, { job, until: null, since: this.now });
      }
    }
    for (const [place, job] of jobs.entries()) {
      job.awaiting = job.onChildFailure !== null && this.childrenOf(job).some(isOpen);
      job.dueAt = job.awaiting ? this.now + DAY_MS : this.now + (overMs * place) / jobs.length;
      job.due = !job.awaiting && job.dueAt <= this.now;
    }
  }

  promoted(): void {
    for (const job of this.#queued()) {
      if (job.dueAt <= this.now) this.#letGo(job);
    }
  }

  answered(): void {
    for (const job of this.#queued()) {
      if (job.awaiting && !this.childrenOf(job).some(isOpen)) this.#letGo(job);
    }
  }

  overdue(): Job[] {
    return this.#queued().filter(
      ({ startBy, attempts }) => startBy !== null && attempts === 0 && startBy <= this.now,
    );
  }

  tokensOf(gate: string): number {
    const { tokens, perMs } = this.rules.get(ruleName(gate))?.rate ?? { tokens: 0, perMs: 1 };
    const bucket = this.#buckets.get(gate);
    if (!bucket) return tokens;
    return Math.min(tokens, bucket.tokens + ((this.now - bucket.at) * tokens) / perMs);
  }

  gatesOf({ gates, queue }: Job): { name: string; weight: number }[] {
    return [...gates, { name: `queue:${queue}`, weight: 1 }];
  }

  #queued(): Job[] {
    return this.all.filter(({ status }) => status === 'queued');
  }

  #letGo(job: Job): void {
    job.due = true;
    job.awaiting = false;
  }

  #leave(job: Job, status: Status): void {
    job.status = status;
    job.alone = false;
    job.due = false;
    job.turn = false;
    const held = job.key === null ? undefined : this.keys.get(job.key);
    if (job.key !== null && held?.job === job && held.until === null) this.keys.delete(job.key);
  }
}

export function isBefore(a: Job, b: Job): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.id < b.id);
}

function passes(job: Job, gate: string): boolean {
  return job.takes.has(gate) || job.gates.some(({ name }) => name === gate);
}

function ruleName(gate: string): string {
  return gate.split('/', 1)[0] ?? gate;
}
