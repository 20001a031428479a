import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant, json, text, whole } from './values.ts';

/** Three endpoints whose shapes are older than this API: monitors and scripts know them. */

const tag = 'Executions';

const execution = z
  .object({
    name: z.string(),
    startedAt: instant,
    completedAt: instant,
    success: z.boolean(),
    durationMs: z.number(),
    error: z.string().nullable().optional(),
  })
  .meta({ id: 'Execution' });

export const jobsStatus = endpoint({
  name: 'jobsStatus',
  method: 'GET',
  path: '/jobs/status',
  tag,
  summary: 'How many executions there were, and the last ten',
  role: 'viewer',
  answer: z.object({
    stats: z.object({
      totalExecutions: z.int(),
      successfulExecutions: z.int(),
      failedExecutions: z.int(),
      successRate: z.number().meta({ description: 'Per cent, two digits' }),
    }),
    recentExecutions: z.array(execution),
  }),
});

export const jobsHistory = endpoint({
  name: 'jobsHistory',
  method: 'GET',
  path: '/jobs/history',
  tag,
  summary: 'The last executions, the latest first',
  role: 'viewer',
  query: z.strictObject({
    limit: whole(1, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'Default 20, at most 100' }),
  }),
  answer: z.object({ executions: z.array(execution), count: z.int() }),
});

export const triggerJob = endpoint({
  name: 'triggerJob',
  method: 'POST',
  path: '/jobs/trigger/{jobName}',
  tag,
  summary: 'Enqueue a job by the name of its type, with the body as its input',
  description: 'In a process that only rehearses, `data` is the plan.',
  role: 'operator',
  params: z.strictObject({ jobName: text(200) }),
  body: json.optional(),
  answer: z.object({ success: z.literal(true), message: z.string(), data: json.optional() }),
  envelope: 'whole',
  refuses: ['type-unknown', 'input-invalid'],
});

export const sourceEndpoints = [jobsStatus, jobsHistory, triggerJob];
