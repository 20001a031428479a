import type { QueueSigns } from '../engine/show/vital-signs.ts';
import { single, type Family, type Sample, type Seen } from './family.ts';
import { OTHER } from './tally.ts';

/** Queues are named by whoever enqueues: the first so many names are told, and the rest together. */
const MOST_QUEUES = 50;

const ofQueues =
  (sign: keyof QueueSigns, merge: (one: number, other: number) => number = (a, b) => a + b) =>
  ({ signs, queues }: Seen): Sample[] => {
    if (!signs) return [];
    const told = new Map(queues.slice(0, MOST_QUEUES).map((name) => [name, 0]));
    for (const [name, queue] of [...signs.queues].toSorted(byName)) {
      const label = told.has(name) || told.size < MOST_QUEUES ? name : OTHER;
      const before = told.get(label);
      told.set(label, before === undefined ? queue[sign] : merge(before, queue[sign]));
    }
    return [...told].map(([queue, value]): Sample => [{ queue }, value]);
  };

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

/** Of the whole database, the same in all processes: take the greatest, not the sum. */
export const OF_THE_DATABASE: readonly Family[] = [
  {
    name: 'humdrum_database_up',
    help: '1 if the database responded to this scrape in time, else 0: its other metrics are then absent.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs ? 1 : 0),
  },
  {
    name: 'humdrum_queue_ready_jobs',
    help: 'Jobs that may start now. Counted to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('ready'),
  },
  {
    name: 'humdrum_queue_later_jobs',
    help: 'Jobs that are due later, or wait for children. Counted to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('later'),
  },
  {
    name: 'humdrum_queue_parked_jobs',
    help: 'Jobs that are due and stand in the line of a limit. Counted to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('parked'),
  },
  {
    name: 'humdrum_queue_running_jobs',
    help: 'Jobs that workers have claimed and not ended. Counted to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('running'),
  },
  {
    name: 'humdrum_queue_failed_jobs',
    help: 'Jobs that have spent their attempts and wait for an operator. Counted to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('failed'),
  },
  {
    name: 'humdrum_queue_oldest_ready_seconds',
    help: 'How long the oldest first attempt near the head of the queue could have started. 0 where none waits.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('oldest', Math.max),
  },
  {
    name: 'humdrum_workers',
    help: 'Workers of the database that have their lease.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.workers),
  },
  {
    name: 'humdrum_alerts_open',
    help: 'Alerts that are not resolved, including acknowledged ones.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.alerts),
  },
  {
    name: 'humdrum_statistics_lag_events',
    help: 'Events of the audit that are not in the statistics yet.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.unrolled),
  },
];
