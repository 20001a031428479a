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
    'At most as many as the preview counted, those with the lowest ids. Jobs that have ended or started meanwhile are left as they are, so `done` may be less than `of`.',
  role: 'operator',
  body: z.strictObject({
    token: text(200_000),
    reason,
    atMost: z.int().min(1).max(100_000).optional().meta({
      description: 'At most this many now; default: all. `next` is the token for the rest',
    }),
    overMs: z
      .int()
      .min(0)
      .max(604_800_000)
      .optional()
      .meta({ description: 'Of a retry: spread evenly over this many milliseconds' }),
  }),
  answer: z.object({
    action,
    done: z.int(),
    of: z.int().meta({ description: 'How many jobs the act was for, at most' }),
    next: z.string().nullable().meta({
      description: 'The token for the rest, valid for ten minutes more. Null: nothing is left',
    }),
  }),
  refuses: ['preview-expired', 'input-invalid'],
});

export const bulkEndpoints = [previewBulk, actOnBulk];
