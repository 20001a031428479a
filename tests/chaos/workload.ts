import { createHumdrum, type Humdrum } from 'humdrum';
import { seededRandom } from '../../src/engine/base/random.ts';
import { eventually, sleep } from './connection.ts';
import { chaosProgram } from './jobs.ts';
import { drawRequest } from './requests.ts';

export interface WorkloadOptions {
  seed: number;
  jobs: number;
  durationMs: number;
  /** Of the driver's own road to the server. */
  url: string;
}

/** What the driver was told, and so what must be true in the end. */
export class Acknowledged {
  /** Answered enqueues. */
  readonly ids: number[] = [];
  /** Answered enqueues of jobs with unique keys: new ones, or those that had the key already. */
  readonly repeated: number[] = [];
  /** How many jobs, children included, went together in one enqueue, by its number. Those in `lost` were never answered. */
  readonly batches = new Map<number, number>();
  readonly lost = new Set<number>();
  readonly cancelled: number[] = [];
  readonly retried: number[] = [];
}

const MAX_BATCH = 40;
const OPERATE_EVERY_MS = 150;
const REPEATERS = 3;
const REPEAT_EVERY_MS = 100;
const UNIQUE_KEYS = 12;
/** Between the jobs of one key, of those whose keys are taken for a time. */
export const SPACE_MS = 700;
/** So that they are done, and their keys free again, however long the queue is. */
const URGENT = -100;

/** Enqueues jobs of every kind, spread over nine tenths of the run, and acts as an operator beside it. */
export class Workload {
  readonly acknowledged = new Acknowledged();
  readonly #options: WorkloadOptions;
  readonly #random: () => number;
  #batch = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#random = seededRandom(`workload/${options.seed}`);
  }

  async run(): Promise<void> {
    const humdrum = await createHumdrum({
      database: this.#options.url,
      ...chaosProgram(null),
      actor: 'chaos',
    });
    const repeating = Array.from({ length: REPEATERS }, () => this.#repeat(humdrum));
    await Promise.all([this.#enqueueAll(humdrum), this.#operate(humdrum), ...repeating]);
    await humdrum.close();
  }

  async #enqueueAll(humdrum: Humdrum): Promise<void> {
    const { jobs, durationMs } = this.#options;
    const { ids } = this.acknowledged;
    const startMs = performance.now();
    while (ids.length < jobs) {
      const share = (performance.now() - startMs) / (0.9 * durationMs);
      const due = Math.min(jobs, Math.ceil(jobs * share)) - ids.length;
      if (due > 0) await this.#enqueueSome(humdrum, Math.min(due, MAX_BATCH));
      await sleep(20);
    }
  }

  async #enqueueSome(humdrum: Humdrum, count: number): Promise<void> {
    const batch = this.#batch;
    this.#batch += 1;
    const requests = Array.from({ length: count }, (_, at) =>
      drawRequest(this.#random, `${batch}/${at}`, batch),
    );
    const size = requests.reduce((sum, { children }) => sum + 1 + (children?.jobs.length ?? 0), 0);
    this.acknowledged.batches.set(batch, size);
    try {
      this.acknowledged.ids.push(...(await humdrum.enqueueMany(requests)));
    } catch {
      this.acknowledged.lost.add(batch);
      await sleep(100);
    }
  }

  /** The same few keys again and again, several at once. */
  async #repeat(humdrum: Humdrum): Promise<void> {
    const endMs = performance.now() + 0.9 * this.#options.durationMs;
    while (performance.now() < endMs) {
      await sleep(REPEAT_EVERY_MS * this.#random());
      const key = `key-${Math.floor(UNIQUE_KEYS * this.#random())}`;
      const input = { key, workMs: Math.floor(100 * this.#random()) };
      try {
        const spaced = this.#random() < 0.5;
        const { id } = await humdrum.enqueue(spaced ? 'chaos.spaced' : 'chaos.unique', input, {
          unique: spaced ? { key, forMs: SPACE_MS } : { key },
          priority: URGENT,
        });
        this.acknowledged.repeated.push(id);
      } catch {
        await sleep(REPEAT_EVERY_MS);
      }
    }
  }

  /** Retries and cancels what has failed, and cancels what is queued. What is refused, or not answered, promises nothing. */
  async #operate(humdrum: Humdrum): Promise<void> {
    const endMs = performance.now() + this.#options.durationMs;
    while (performance.now() < endMs) {
      await sleep(OPERATE_EVERY_MS);
      const draw = this.#random();
      const status = draw < 0.7 ? 'failed' : 'queued';
      const retry = draw < 0.5;
      try {
        const jobs = await humdrum.listJobs({ status, limit: 50 });
        const job = jobs[Math.floor(this.#random() * jobs.length)];
        if (!job) continue;
        await humdrum[retry ? 'retry' : 'cancel'](job.id, { reason: 'chaos' });
        this.acknowledged[retry ? 'retried' : 'cancelled'].push(job.id);
      } catch {
        await sleep(OPERATE_EVERY_MS);
      }
    }
  }
}

const OPEN = `
  (select count(*) from humdrum.ready) + (select count(*) from humdrum.later) + (select count(*) from humdrum.lease)
  + (select count(*) from humdrum.parked) + (select count(*) from humdrum.wake_call)`;

/** Until every job has come to an end, and no further tick makes one. False: for `patienceMs` nothing has got any nearer to it. */
export async function drained(url: string, patienceMs: number): Promise<boolean> {
  let least = Infinity;
  let endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const open = await eventually(url, async (client) => {
      await client.query(
        `update humdrum.schedule set next_at = 'infinity' where isfinite(next_at)`,
      );
      const { rows } = await client.query<{ open: number }>(`select ${OPEN} as open`);
      return rows[0]?.open ?? 0;
    });
    if (open === 0) return true;
    if (open < least) endMs = performance.now() + patienceMs;
    least = Math.min(least, open);
    await sleep(250);
  }
  return false;
}
