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
  summary: 'Who gets effects',
  role: 'viewer',
  answer: z.object({
    receivers: z.array(
      z.object({
        name: z.string().meta({ description: 'The type of its deliveries' }),
        events: z.array(z.string()).meta({ description: 'Patterns; none for a channel' }),
      }),
    ),
  }),
});

export const listDeadLetters = endpoint({
  name: 'listDeadLetters',
  method: 'GET',
  path: '/effects/dead-letters',
  tag,
  summary: 'Deliveries that no attempt could make',
  description:
    'They are failed jobs of their receivers. A page may hold fewer than were asked for.',
  role: 'viewer',
  query: z.strictObject({
    receiver: text(200).optional(),
    limit: whole(1, 1_000).optional(),
    after: text(500).optional().meta({ description: '`next` of the page before' }),
  }),
  answer: z.object({
    letters: z.array(
      z
        .object({
          job: jobSummary,
          from: id.meta({ description: 'The job that the effects came from' }),
          effects: z
            .array(z.object({ key: z.string(), kind: z.string(), name: z.string() }))
            .meta({ description: 'What was not delivered, by their idempotency keys' }),
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
  summary: 'Try a failed delivery once more',
  description: 'What was delivered before is not delivered again.',
  role: 'operator',
  params: z.strictObject({ id: idText }),
  body: z.strictObject({ reason: reason.optional() }).prefault({}),
  answer: z.object({ id, status }),
  refuses: ['job-not-found', 'action-refused'],
});

export const effectEndpoints = [listReceivers, listDeadLetters, redeliver];
