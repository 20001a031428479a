import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { jobSummary } from './jobs.ts';
import { action, id, instant, reason, text } from './values.ts';

const tag = 'Many jobs';
const some = (most: number) => z.array(text(most)).min(1).max(1_000);

/** Selects among the jobs that the action is allowed for. All fields must match; for a list, any of its values. */
export const bulkFilter = z
  .strictObject({
    ids: z.array(id).min(1).max(1_000).optional(),
    type: some(200).optional(),
    queue: some(200).optional(),
    errorClass: text(200).optional(),
    error: text(500)
      .min(1)
      .optional()
      .meta({ description: "Text in the last attempt's error message. Case is ignored" }),
    schedule: text(200).optional(),
    createdAfter: instant.optional(),
    createdBefore: instant.optional(),
  })
  .meta({ id: 'BulkFilter' });

export const previewBulk = endpoint({
  name: 'previewBulk',
  method: 'POST',
  path: '/jobs/bulk/preview',
  tag,
  summary: 'Preview which jobs a bulk retry or cancel would change',
  description:
    'Changes nothing. Pass `token` to the action within ten minutes. A preview covers at most 100,000 jobs; `more` says whether others match.',
  role: 'operator',
  body: z.strictObject({ action, filter: bulkFilter }),
  answer: z.object({
    action,
    count: z.int(),
    more: z.boolean(),
    byType: z.array(z.object({ type: z.string(), count: z.int() })),
    byErrorClass: z.array(z.object({ errorClass: z.string().nullable(), count: z.int() })),
    samples: z.array(jobSummary),
    token: z.string(),
    expiresAt: instant,
  }),
});

export const actOnBulk = endpoint({
  name: 'actOnBulk',
  method: 'POST',
  path: '/jobs/bulk/act',
  tag,
  summary: 'Retry or cancel the jobs of a preview',
  description:
    'Changes at most as many jobs as the preview counted, lowest ids first. Jobs that have ended or started since are left alone, so `done` may be less than `of`.',
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
  refuses: ['preview-expired', 'input-invalid'],
});

export const bulkEndpoints = [previewBulk, actOnBulk];
