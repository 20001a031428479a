import { z } from 'zod';
import { STATUSES, type Status } from '../../engine/job/lifecycle.ts';
import { endpoint } from './endpoint.ts';
import { instant, several, text } from './values.ts';

const tag = 'Statistics';

const percentiles = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number() })
  .meta({ id: 'Percentiles', description: 'In milliseconds, accurate to 10 %' });

const happened = {
  created: z.int(),
  completed: z.int().meta({ description: 'Attempts' }),
  failed: z.int().meta({ description: 'Attempts' }),
  retried: z.int(),
  cancelled: z.int(),
  runMs: percentiles.nullable(),
  waitMs: percentiles.nullable(),
};

export const countJobs = endpoint({
  name: 'countJobs',
  method: 'GET',
  path: '/stats/counts',
  tag,
  summary: 'Count jobs by type and status',
  role: 'viewer',
  answer: z.object({
    types: z.array(z.object({ type: z.string(), ...statuses() }).meta({ id: 'TypeCounts' })),
  }),
});

function statuses(): Record<Status, z.ZodInt> {
  return Object.fromEntries(STATUSES.map((status) => [status, z.int()])) as Record<
    Status,
    z.ZodInt
  >;
}

export const statistics = endpoint({
  name: 'statistics',
  method: 'GET',
  path: '/stats',
  tag,
  summary: 'Statistics of a period, by type',
  description: 'In whole minutes. Default for `from`: the beginning. Default for `to`: now.',
  role: 'viewer',
  query: z.strictObject({
    from: instant.optional(),
    to: instant.optional(),
    type: text(200).optional(),
  }),
  answer: z.object({
    types: z.array(z.object({ type: z.string(), ...happened }).meta({ id: 'TypeStatistics' })),
  }),
  refuses: ['filter-invalid'],
});

export const series = endpoint({
  name: 'series',
  method: 'GET',
  path: '/stats/series',
  tag,
  summary: 'Time series of statistics by type, for charts',
  description:
    'Steps start at whole minutes, hours or days (UTC). Steps without activity are omitted. At most 20,000 points.',
  role: 'viewer',
  query: z.strictObject({
    from: instant,
    to: instant,
    step: z.enum(['minute', 'hour', 'day']),
    type: several(text(200)).optional(),
  }),
  answer: z.object({
    series: z.array(
      z.object({
        type: z.string(),
        points: z.array(z.object({ at: instant, ...happened }).meta({ id: 'Point' })),
      }),
    ),
  }),
  refuses: ['filter-invalid'],
});

export const statsEndpoints = [countJobs, statistics, series];
