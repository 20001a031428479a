import { z } from 'zod';
import type { Database } from '../../src/database/database.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { type LimitRule, limitsOf } from '../../src/engine/job/limit-rule.ts';
import { registerLimits } from '../../src/engine/register/limits.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { defineJob, type Humdrum } from '../../src/index.ts';
import { addWorker } from '../support/verbs.ts';
import { WORKERS } from './commands.ts';
import { type Job, Model } from './model.ts';

const LIMITS: Record<string, LimitRule> = {
  pair: { concurrency: 2 },
  per: { concurrency: 1 },
  big: { concurrency: 3 },
  order: { ordered: true },
  turns: { ordered: true },
  rate: { rate: { tokens: 3, perMs: 60_000 } },
};
export const OPTIONS = { limits: LIMITS, queues: { mail: { concurrency: 2 } } };
const START = Date.parse('2026-03-01T10:00:00Z');

const common = { input: z.object({}), retry: { attempts: 2, delayMs: 0 }, run: () => null };
const cron = '* * * * *';
export const TYPES = [
  defineJob({ ...common, type: 'test.model' }),
  defineJob({ ...common, type: 'test.mail', queue: 'mail' }),
  defineJob({ ...common, type: 'test.skip', schedule: { cron, overlap: 'skip' } }),
  defineJob({ ...common, type: 'test.queue', schedule: { cron, overlap: 'queue' } }),
];

export interface Hand {
  id: number;
  jobs: ClaimedJob[];
}

/** The engine on a database and the model, side by side. */
export class System {
  readonly model = new Model();
  readonly db: Database;
  readonly humdrum: Humdrum;
  readonly workers: Hand[] = [];
  /** What workers had in hand that are lost, or have given it back. */
  readonly lost: ClaimedJob[] = [];
  fenced = 0;
  readonly #moveTo: (at: string) => Promise<void>;

  constructor(db: Database, humdrum: Humdrum, moveTo: (at: string) => Promise<void>) {
    this.db = db;
    this.humdrum = humdrum;
    this.#moveTo = moveTo;
  }

  /** On an emptied database. */
  async begin(): Promise<void> {
    await this.db.query('select public.wipe()');
    await this.moveTo(START);
    for (let worker = 0; worker < WORKERS; worker += 1) await this.hire(worker);
    await this.configure(limitsOf(OPTIONS));
    await registerSchedules(this.db, this.humdrum.types);
  }

  async moveTo(at: number): Promise<void> {
    this.model.now = at;
    await this.#moveTo(new Date(at).toISOString());
  }

  async hire(worker: number): Promise<void> {
    this.workers[worker] = { id: await addWorker(this.db), jobs: [] };
  }

  hand(worker: number): Hand {
    const hand = this.workers[worker % this.workers.length];
    if (!hand) throw new Error('There is a worker for each number.');
    return hand;
  }

  async configure(limits: ReturnType<typeof limitsOf>): Promise<void> {
    await registerLimits(this.db, limits, 'test');
    for (const [name, { concurrency = null, rate = null, ordered = false }] of limits) {
      this.model.rules.set(name, { concurrency: ordered ? 1 : concurrency, rate, ordered });
    }
  }

  job(id: number): Job {
    const job = this.model.jobs.get(id);
    if (!job) throw new Error(`The model knows no job ${id}.`);
    return job;
  }

  pick(place: number): Job | null {
    const jobs = this.model.all;
    return jobs[place % Math.max(1, jobs.length)] ?? null;
  }
}
