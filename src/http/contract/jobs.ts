import { z } from 'zod';
import { EVENTS, type AuditEventName } from '../../engine/job/lifecycle.ts';
import { endpoint } from './endpoint.ts';
import { jobQueryParams } from './job-query.ts';
import { action, id, idText, instant, json, reason, status, text, whole } from './values.ts';

const tag = 'Jobs';
const oneJob = z.strictObject({ id: idText });

export const jobSummary = z
  .object({
    id,
    type: z.string(),
    queue: z.string(),
    status,
    attempts: z.int().meta({ description: 'Number of attempts made' }),
    maxAttempts: z.int(),
    createdAt: instant,
    runAt: instant.meta({ description: 'When it is or was due' }),
    asOf: instant.meta({
      description: 'The time that its handler sees as now: the tick, for a scheduled job',
    }),
    schedule: z.string().nullable(),
    finishedAt: instant.nullable().meta({ description: 'When its last attempt ended' }),
    errorClass: z.string().nullable().meta({ description: 'From its last attempt' }),
    errorMessage: z.string().nullable(),
  })
  .meta({ id: 'JobSummary' });

const attempt = z
  .object({
    number: z.int(),
    status,
    worker: z.string().nullable(),
    startedAt: instant,
    finishedAt: instant,
    result: json,
    errorClass: z.string().nullable(),
    errorMessage: z.string().nullable(),
    errorStack: z.string().nullable(),
    log: z
      .array(z.object({ message: z.string(), fields: z.record(z.string(), json).optional() }))
      .nullable(),
  })
  .meta({ id: 'Attempt' });

const loss = z
  .object({
    attempt: z.int(),
    at: instant,
    worker: z.string().nullable(),
    reason: z.string(),
  })
  .meta({ id: 'Loss' });

export const auditEvent = z.enum(Object.keys(EVENTS) as [AuditEventName, ...AuditEventName[]]);

export const auditLine = z
  .object({
    id,
    at: instant,
    event: auditEvent,
    attempt: z.int().nullable(),
    actor: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'AuditLine' });

const jobDetail = jobSummary
  .extend({
    input: json,
    parentId: id.nullable().meta({ description: 'The job that waits or waited for it' }),
    actions: z.array(action).readonly().meta({ description: 'Actions currently allowed' }),
    attemptRecords: z.array(attempt),
    losses: z.array(loss).meta({
      description:
        'Attempts that are not counted: their worker was lost while it held other jobs, or the database was away',
    }),
    effects: z.array(
      z.object({ kind: z.enum(['event', 'notification', 'file']), name: z.string(), data: json }),
    ),
    audit: z.array(auditLine),
  })
  .meta({ id: 'Job' });

export const listJobs = endpoint({
  name: 'listJobs',
  method: 'GET',
  path: '/jobs',
  tag,
  summary: 'List jobs',
  description:
    'A page scans a limited number of jobs, so it may contain fewer than `limit`, or none, although more follow. `next` is null on the last page.',
  role: 'viewer',
  query: jobQueryParams.extend({
    order: z.enum(['newest', 'oldest']).optional(),
    limit: whole(1, 1_000).optional(),
    after: text(500).optional().meta({ description: '`next` of the page before' }),
  }),
  answer: z.object({ jobs: z.array(jobSummary), next: z.string().nullable() }),
  refuses: ['filter-invalid', 'cursor-invalid', 'attribute-unknown'],
});

export const showJob = endpoint({
  name: 'showJob',
  method: 'GET',
  path: '/jobs/{id}',
  tag,
  summary: 'Show a job with its attempts, effects and audit log',
  role: 'viewer',
  params: oneJob,
  answer: jobDetail,
  refuses: ['job-not-found'],
});

export const whyJob = endpoint({
  name: 'whyJob',
  method: 'GET',
  path: '/jobs/{id}/why',
  tag,
  summary: 'Explain the state of a job in a sentence',
  role: 'viewer',
  params: oneJob,
  answer: z.object({ status, why: z.string() }),
  refuses: ['job-not-found'],
});

export const listChildren = endpoint({
  name: 'listChildren',
  method: 'GET',
  path: '/jobs/{id}/children',
  tag,
  summary: 'List the children that a job waits or waited for, oldest first',
  role: 'viewer',
  params: oneJob,
  query: z.strictObject({
    limit: whole(1, 1_000).optional(),
    after: idText.optional().meta({ description: '`next` of the page before' }),
  }),
  answer: z.object({ jobs: z.array(jobSummary), next: id.nullable() }),
});

export const exportAttempt = endpoint({
  name: 'exportAttempt',
  method: 'GET',
  path: '/jobs/{id}/attempts/{number}/recording',
  tag,
  summary: 'Export the recording of an attempt: all inputs of its handler, without secrets',
  description: 'For `humdrum replay`, which runs it again elsewhere.',
  role: 'viewer',
  params: z.strictObject({ id: idText, number: whole(1, 32_767) }),
  answer: z
    .looseObject({ format: z.string(), type: z.string(), jobId: id, attempt: z.int() })
    .meta({ id: 'Recording' }),
  refuses: ['job-not-found'],
});

const act = {
  method: 'POST',
  tag,
  role: 'operator',
  params: oneJob,
  body: z.strictObject({ reason: reason.optional() }).prefault({}),
  answer: z.object({ id, status }),
  refuses: ['job-not-found', 'action-refused', 'dry-run'],
} as const;

export const retryJob = endpoint({
  ...act,
  name: 'retryJob',
  path: '/jobs/{id}/retry',
  summary: 'Give a failed job one more attempt',
});

export const cancelJob = endpoint({
  ...act,
  name: 'cancelJob',
  path: '/jobs/{id}/cancel',
  summary: 'Cancel a queued or failed job',
});

export const enqueueJob = endpoint({
  name: 'enqueueJob',
  method: 'POST',
  path: '/jobs',
  tag,
  summary: 'Enqueue a job',
  description:
    'Returns once the job is stored. If an open job has the same unique key, `created` is false and `id` is that job.',
  role: 'operator',
  body: z.strictObject({
    type: text(200),
    input: json.optional(),
    runAt: instant.optional(),
    delayMs: z.int().min(0).optional(),
    priority: z.int().min(-1_000).max(1_000).optional(),
    unique: z
      .strictObject({ key: text(500), forMs: z.int().min(1).optional() })
      .optional()
      .meta({
        description:
          'No job is made while one of its type with this key is open; with `forMs`, not for so long after that one was enqueued',
      }),
  }),
  answer: z.object({ id, created: z.boolean() }),
  status: 201,
  refuses: ['type-unknown', 'input-invalid', 'dry-run'],
});

export const jobEndpoints = [
  listJobs,
  showJob,
  whyJob,
  listChildren,
  exportAttempt,
  retryJob,
  cancelJob,
  enqueueJob,
];
