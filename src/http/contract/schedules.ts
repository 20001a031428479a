import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { plan } from './types.ts';
import { id, instant, reason, status, text, whole } from './values.ts';

const tag = 'Schedules';
const one = z.strictObject({ type: text(200) });

export const listSchedules = endpoint({
  name: 'listSchedules',
  method: 'GET',
  path: '/schedules',
  tag,
  summary: 'List the schedules of the job types registered in this process',
  role: 'viewer',
  answer: z.object({
    schedules: z.array(
      z
        .object({
          schedule: z.string().meta({ description: 'The job type' }),
          cron: z.string(),
          words: z.string(),
          timeZone: z.string(),
          nextAt: instant.nullable(),
        })
        .meta({ id: 'Schedule' }),
    ),
  }),
});

export const upcomingTicks = endpoint({
  name: 'upcomingTicks',
  method: 'GET',
  path: '/schedules/{type}/upcoming',
  tag,
  summary: 'The next ticks of a schedule',
  role: 'viewer',
  params: one,
  query: z.strictObject({ count: whole(1, 1_000).optional() }),
  answer: z.object({ ticks: z.array(instant) }),
  refuses: ['type-unknown', 'input-invalid'],
});

export const pastTicks = endpoint({
  name: 'pastTicks',
  method: 'GET',
  path: '/schedules/{type}/ticks',
  tag,
  summary: 'List past ticks of a schedule with the jobs they created, latest first',
  role: 'viewer',
  params: one,
  query: z.strictObject({
    limit: whole(1, 1_000).optional(),
    before: instant.optional().meta({ description: '`next` of the previous page' }),
  }),
  answer: z.object({
    ticks: z.array(
      z
        .object({
          at: instant,
          jobId: id.nullable().meta({ description: 'Null: the tick was skipped' }),
          status: status.nullable(),
        })
        .meta({ id: 'PastTick' }),
    ),
    next: instant.nullable(),
  }),
  refuses: ['type-unknown'],
});

export const backfillSchedule = endpoint({
  name: 'backfillSchedule',
  method: 'POST',
  path: '/schedules/{type}/backfill',
  tag,
  summary: 'Create the jobs of past ticks that have none, or rehearse them',
  description:
    'Creates all jobs or none. With `dryRun`, rehearses the first ones and creates no jobs.',
  role: 'operator',
  params: one,
  body: z.strictObject({
    from: instant,
    to: instant,
    limit: z.int().min(1).max(10_000).optional(),
    dryRun: z.boolean().optional(),
    rehearsals: z.int().min(1).max(100).optional(),
    reason: reason.optional(),
  }),
  answer: z.object({
    ticks: z.array(instant).meta({ description: 'Ticks without a job, oldest first' }),
    jobs: z.array(id).meta({ description: 'Jobs created. Empty after a rehearsal' }),
    plans: z.array(plan).meta({ description: 'Plans of a rehearsal' }),
  }),
  refuses: ['type-unknown', 'input-invalid', 'dry-run'],
});

export const scheduleEndpoints = [listSchedules, upcomingTicks, pastTicks, backfillSchedule];
