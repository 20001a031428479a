import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { jobQuery } from './job-query.ts';
import { jobSummary } from './jobs.ts';
import { action, instant, reason, text } from './values.ts';

const tag = 'Many jobs';

export const previewBulk = endpoint({
  name: 'previewBulk',
  method: 'POST',
  path: '/jobs/bulk/preview',
  tag,
  summary: 'Preview a retry or cancellation of many jobs',
  description:
    'Changes nothing. `query` lists just the jobs that would be acted on, and `token` is for an act on it within ten minutes. At most 100,000 jobs are counted, and acted on at once; `more` says that there are others. A filter must be given: for all jobs, name their status.',
  role: 'operator',
  body: z.strictObject({ action, filter: jobQuery }),
  answer: z.object({
    action,
    query: jobQuery,
    count: z.int(),
    more: z.boolean(),
    byType: z.array(z.object({ type: z.string(), count: z.int() })),
    byErrorClass: z.array(z.object({ errorClass: z.string().nullable(), count: z.int() })),
    samples: z.array(jobSummary),
    token: z.string(),
    expiresAt: instant,
  }),
  refuses: ['filter-invalid', 'attribute-unknown', 'input-invalid'],
});

export const actOnBulk = endpoint({
  name: 'actOnBulk',
  method: 'POST',
  path: '/jobs/bulk/act',
  tag,
  summary: 'Retry or cancel the jobs of a preview',
  description:
    'Changes at most as many jobs as the preview counted, lowest ids first, and none that was enqueued after it. Jobs that have ended or started since are left alone, so `done` may be less than `of`.',
  role: 'operator',
  body: z.strictObject({
    token: text(200_000),
    reason,
    atMost: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .meta({ description: 'Maximum number of jobs in this call. Default: all. `next` continues' }),
    overMs: z
      .int()
      .min(0)
      .max(604_800_000)
      .optional()
      .meta({ description: 'For a retry: spread the jobs evenly over this many milliseconds' }),
  }),
  answer: z.object({
    action,
    done: z.int(),
    of: z.int().meta({ description: 'Number of jobs left from the preview before this call' }),
    next: z.string().nullable().meta({
      description:
        'The token for the remaining jobs, valid for another ten minutes. Null: none are left',
    }),
  }),
  refuses: ['preview-expired', 'input-invalid', 'dry-run'],
});

export const bulkEndpoints = [previewBulk, actOnBulk];
