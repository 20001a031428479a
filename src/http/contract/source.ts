import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { flag, instant, json, text, whole } from './values.ts';

/** Three endpoints that predate this API. Their shapes must stay, because monitors and scripts depend on them. */

const tag = 'Executions';

const system = flag.optional().meta({
  description:
    "`true`: include the engine's own jobs (`humdrum.*`, `deliver.*`, `notify.*`). Default: false",
});

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
  summary: 'Execution counts and the last ten executions',
  role: 'viewer',
  query: z.strictObject({ system }),
  answer: z.object({
    stats: z.object({
      totalExecutions: z.int(),
      successfulExecutions: z.int(),
      failedExecutions: z.int(),
      successRate: z.number().meta({ description: 'Percentage with two decimals' }),
    }),
    recentExecutions: z.array(execution),
  }),
});

export const jobsHistory = endpoint({
  name: 'jobsHistory',
  method: 'GET',
  path: '/jobs/history',
  tag,
  summary: 'List recent executions, latest first',
  role: 'viewer',
  query: z.strictObject({
    limit: whole(1, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'Default: 20. Maximum: 100' }),
    system,
  }),
  answer: z.object({ executions: z.array(execution), count: z.int() }),
});

export const triggerJob = endpoint({
  name: 'triggerJob',
  method: 'POST',
  path: '/jobs/trigger/{jobName}',
  tag,
  summary: 'Enqueue a job by its type name, with the body as its input',
  description: 'In a dry-run process, `data` is the plan.',
  role: 'operator',
  params: z.strictObject({ jobName: text(200) }),
  body: json.optional(),
  answer: z.object({ success: z.literal(true), message: z.string(), data: json.optional() }),
  envelope: 'whole',
  refuses: ['type-unknown', 'input-invalid'],
});

export const sourceEndpoints = [jobsStatus, jobsHistory, triggerJob];
