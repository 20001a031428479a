import type { QueueSigns } from '../engine/show/vital-signs.ts';
import { single, type Family, type Sample, type Seen } from './family.ts';
import { OTHER } from './tally.ts';

/** Limits the label's cardinality: callers choose queue names freely. The first names get their own label, the rest share one. */
const MOST_QUEUES = 50;

const ofQueues =
  (sign: keyof QueueSigns, merge: (one: number, other: number) => number = (a, b) => a + b) =>
  ({ signs, queues }: Seen): Sample[] => {
    if (!signs) return [];
    const values = new Map(queues.slice(0, MOST_QUEUES).map((name) => [name, 0]));
    for (const [name, queue] of [...signs.queues].toSorted(byName)) {
      const label = values.has(name) || values.size < MOST_QUEUES ? name : OTHER;
      const before = values.get(label);
      values.set(label, before === undefined ? queue[sign] : merge(before, queue[sign]));
    }
    return [...values].map(([queue, value]): Sample => [{ queue }, value]);
  };

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

/** Metrics of the whole database. All processes report the same values, so aggregate them with max, not sum. */
export const OF_THE_DATABASE: readonly Family[] = [
  {
    name: 'humdrum_database_up',
    help: '1 if the database answered this scrape in time. Otherwise 0, and no other database metric is exported.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs ? 1 : 0),
  },
  {
    name: 'humdrum_queue_ready_jobs',
    help: 'Jobs that can start now. Counted up to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('ready'),
  },
  {
    name: 'humdrum_queue_later_jobs',
    help: 'Jobs that are due later or wait for children. Counted up to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('later'),
  },
  {
    name: 'humdrum_queue_parked_jobs',
    help: 'Jobs that are due and wait for a limit. Counted up to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('parked'),
  },
  {
    name: 'humdrum_queue_running_jobs',
    help: 'Jobs that workers have claimed and not finished. Counted up to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('running'),
  },
  {
    name: 'humdrum_queue_failed_jobs',
    help: 'Jobs that have used all their attempts and wait for an operator. Counted up to 100000.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('failed'),
  },
  {
    name: 'humdrum_queue_oldest_ready_seconds',
    help: 'How long the oldest first attempt near the head of the queue has been ready. 0 if none is.',
    kind: 'gauge',
    labels: ['queue'],
    samples: ofQueues('oldest', Math.max),
  },
  {
    name: 'humdrum_workers',
    help: 'Workers of the database that hold a lease.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.workers),
  },
  {
    name: 'humdrum_alerts_open',
    help: 'Unresolved alerts, including acknowledged ones.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.alerts),
  },
  {
    name: 'humdrum_statistics_lag_events',
    help: 'Audit events that are not in the statistics yet.',
    kind: 'gauge',
    labels: [],
    samples: ({ signs }) => single(signs?.unrolled),
  },
];
