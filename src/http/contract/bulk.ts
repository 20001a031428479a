import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { jobSummary } from './jobs.ts';
import { action, id, instant, reason, text } from './values.ts';

const tag = 'Many jobs';
const some = (most: number) => z.array(text(most)).min(1).max(1_000);

/** Which of the jobs that an action is allowed for. All that is given must fit; of several values of one, any. */
export const bulkFilter = z
  .strictObject({
    ids: z.array(id).min(1).max(1_000).optional(),
    type: some(200).optional(),
    queue: some(200).optional(),
    errorClass: text(200).optional(),
    error: text(500)
      .min(1)
      .optional()
      .meta({ description: "What the last attempt's error message contains, in any case" }),
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
  summary: 'What retrying or cancelling many jobs would be done to',
  description:
    'Changes nothing. `token` is what the act is asked for with, within ten minutes. At most 100,000 jobs are counted, and acted upon at once; `more` says that there are others.',
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
  summary: 'Retry or cancel the jobs that a preview told of',
  description:
    'No more of them than the preview counted, those with the lowest ids. What has ended or started meanwhile is left as it is, so `done` may be less than `of`.',
  role: 'operator',
  body: z.strictObject({
    token: text(200_000),
    reason,
    atMost: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .meta({ description: 'Only so many now; default: all. `next` goes on' }),
    overMs: z
      .int()
      .min(0)
      .max(604_800_000)
      .optional()
      .meta({ description: 'Of a retry: spread evenly over so many milliseconds' }),
  }),
  answer: z.object({
    action,
    done: z.int(),
    of: z.int().meta({ description: 'How many there were to do it to, at the most' }),
    next: z.string().nullable().meta({
      description: 'The token for the rest, good for ten minutes more. Null: that was all',
    }),
  }),
  refuses: ['preview-expired', 'input-invalid'],
});

export const bulkEndpoints = [previewBulk, actOnBulk];
