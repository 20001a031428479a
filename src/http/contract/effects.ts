import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { jobSummary } from './jobs.ts';
import { id, idText, reason, status, text, whole } from './values.ts';

const tag = 'Effects';

export const listReceivers = endpoint({
  name: 'listReceivers',
  method: 'GET',
  path: '/effects/receivers',
  tag,
  summary: 'List the receivers of effects',
  role: 'viewer',
  answer: z.object({
    receivers: z.array(
      z.object({
        name: z.string().meta({ description: 'The job type of its deliveries' }),
        events: z.array(z.string()).meta({ description: 'Event patterns. Empty for a channel' }),
      }),
    ),
  }),
});

export const listDeadLetters = endpoint({
  name: 'listDeadLetters',
  method: 'GET',
  path: '/effects/dead-letters',
  tag,
  summary: 'List failed deliveries',
  description: 'Each is a failed job of its receiver. A page may contain fewer than `limit`.',
  role: 'viewer',
  query: z.strictObject({
    receiver: text(200).optional(),
    limit: whole(1, 1_000).optional(),
    after: text(500).optional().meta({ description: '`next` of the previous page' }),
  }),
  answer: z.object({
    letters: z.array(
      z
        .object({
          job: jobSummary,
          from: id.meta({ description: 'The job that emitted the effects' }),
          effects: z
            .array(z.object({ key: z.string(), kind: z.string(), name: z.string() }))
            .meta({ description: 'Undelivered effects. `key` is the idempotency key' }),
        })
        .meta({ id: 'DeadLetter' }),
    ),
    next: z.string().nullable(),
  }),
  refuses: ['cursor-invalid', 'filter-invalid'],
});

export const redeliver = endpoint({
  name: 'redeliver',
  method: 'POST',
  path: '/effects/dead-letters/{id}/redeliver',
  tag,
  summary: 'Retry a failed delivery',
  description: 'Effects that were already delivered are not sent again.',
  role: 'operator',
  params: z.strictObject({ id: idText }),
  body: z.strictObject({ reason: reason.optional() }).prefault({}),
  answer: z.object({ id, status }),
  refuses: ['job-not-found', 'action-refused', 'dry-run'],
});

export const effectEndpoints = [listReceivers, listDeadLetters, redeliver];
