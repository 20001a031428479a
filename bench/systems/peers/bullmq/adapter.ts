import type { QueueOptions, WorkerOptions } from 'bullmq';
import { Pool } from 'pg';
import { pieces } from '../../../payload.ts';
import type { Payload, Place, Producer, SettingsName, System } from '../../../system.ts';

export const QUEUE = 'bench';
const JOB = 'job';
const CONCURRENCY = 100;

/** A queue of either store. */
interface Jobs {
  add(name: string, data: Payload): Promise<unknown>;
  addBulk(jobs: { name: string; data: Payload; opts: { delay?: number } }[]): Promise<unknown>;
  getJobCounts(...types: ('wait' | 'active' | 'delayed' | 'prioritized')[]): Promise<{
    [state: string]: number;
  }>;
  close(): Promise<void>;
}

interface Handlers {
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}

export type QueueSettings = Pick<QueueOptions, 'defaultJobOptions'>;
export type WorkerSettings = Pick<WorkerOptions, 'concurrency'>;
export type Processor = (job: { data: Payload }) => Promise<void>;

/** The differences between the stores. `close` ends connections that neither queue nor worker owns. */
export interface Backend {
  queue(place: Place, settings: QueueSettings): Jobs;
  worker(place: Place, processor: Processor, settings: WorkerSettings): Handlers;
}

export const BEST =
  '`concurrency` 100, `removeOnComplete`; bulk: `addBulk` of 1,000, four at a time';

const BULK = 1_000;
const BULKS_AT_ONCE = 4;

function queueSettings(settings: SettingsName): QueueSettings {
  return settings === 'best' ? { defaultJobOptions: { removeOnComplete: true } } : {};
}

async function addAll(queue: Jobs, payloads: readonly Payload[], at?: Date): Promise<void> {
  const opts = at ? { delay: at.getTime() - Date.now() } : {};
  const waiting = [...pieces(payloads, BULK)];
  const adders = Array.from({ length: BULKS_AT_ONCE }, async () => {
    for (let piece = waiting.shift(); piece; piece = waiting.shift()) {
      await queue.addBulk(piece.map((data) => ({ name: JOB, data, opts })));
    }
  });
  await Promise.all(adders);
}

/** The parts of a system that are the same on Redis and on PostgreSQL. */
export function bullmqOn(
  backend: Backend,
): Pick<System, 'produce' | 'work' | 'workWithWrites' | 'watch' | 'writes'> {
  return {
    writes: 'the write commits by itself (a pool of our own), the completion later',

    produce(place, settings): Promise<Producer> {
      const queue = backend.queue(place, queueSettings(settings));
      return Promise.resolve({
        enqueue: async (payload) => {
          await queue.add(JOB, payload);
        },
        enqueueMany: (payloads, at) => addAll(queue, payloads, at),
        close: () => queue.close(),
      });
    },

    async work(place, settings, run) {
      const processor: Processor = ({ data }) => {
        run(data);
        return Promise.resolve();
      };
      const concurrency = settings === 'best' ? { concurrency: CONCURRENCY } : {};
      const worker = backend.worker(place, processor, concurrency);
      await worker.waitUntilReady();
      return { stop: () => worker.close() };
    },

    async workWithWrites(place, concurrency, run) {
      const pool = new Pool({ connectionString: place.postgres, max: concurrency });
      const processor: Processor = ({ data }) =>
        run(data, (sql, params) => pool.query(sql, params));
      const worker = backend.worker(place, processor, { concurrency });
      await worker.waitUntilReady();
      return {
        stop: async () => {
          await worker.close();
          await pool.end();
        },
      };
    },

    watch(place) {
      const queue = backend.queue(place, {});
      return Promise.resolve({
        open: async () => {
          const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'prioritized');
          return Object.values(counts).reduce((sum, count) => sum + count, 0);
        },
        close: () => queue.close(),
      });
    },
  };
}
