import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { auditEvent, auditLine } from './jobs.ts';
import { id, idText, instant, several, text, whole } from './values.ts';

const tag = 'Audit';

export const auditEntry = auditLine.extend({ jobId: id.nullable() }).meta({ id: 'AuditEntry' });

export const searchAudit = endpoint({
  name: 'searchAudit',
  method: 'GET',
  path: '/audit',
  tag,
  summary: 'Who did what to which job, when and why: a page, the newest first',
  description:
    'A page looks through a bounded number of rows: it may hold fewer than were asked for, or none, though there are more. `next` says so.',
  role: 'viewer',
  query: z.strictObject({
    job: idText.optional(),
    actor: text(200)
      .optional()
      .meta({ description: 'Exactly, or what it begins with and `*`: `user:*`' }),
    event: several(auditEvent).optional(),
    from: instant.optional(),
    to: instant.optional(),
    limit: whole(1, 1_000).optional(),
    before: idText.optional().meta({ description: '`next` of the page before' }),
  }),
  answer: z.object({ rows: z.array(auditEntry), next: id.nullable() }),
});

export const exportAudit = endpoint({
  name: 'exportAudit',
  method: 'GET',
  path: '/audit/export',
  tag,
  summary: 'The whole audit with its seals, as lines of JSON',
  description: 'For `humdrum audit verify --file`, which needs no database. One at a time.',
  role: 'operator',
  answer: z.string(),
  envelope: { type: 'application/x-ndjson' },
  refuses: ['too-many-requests'],
});

const fault = z.union([
  z.object({ kind: z.enum(['row-changed', 'row-removed', 'row-inserted']), row: id, seal: id }),
  z.object({
    kind: z.enum(['rows-changed', 'seal-changed', 'seal-removed', 'seal-inserted']),
    seal: id,
  }),
  z.object({ kind: z.literal('hash-unknown'), hash: z.string() }),
]);

export const verifyAudit = endpoint({
  name: 'verifyAudit',
  method: 'GET',
  path: '/audit/verify',
  tag,
  summary: 'Whether the audit is as it was sealed',
  description: 'Reads all of it: this takes a while where there is much. One at a time.',
  role: 'operator',
  query: z.strictObject({
    expect: z
      .string()
      .regex(/^[\da-f]{64}$/i, 'It is 64 hexadecimal digits')
      .optional()
      .meta({ description: 'The hash of a seal, noted earlier, that must be among them' }),
  }),
  answer: z
    .object({
      fault: fault.nullable().meta({ description: 'The first thing that is not as it was' }),
      seals: z.int(),
      rows: z.int(),
      unsealed: z.int().nullable().meta({ description: 'Rows newer than the newest seal' }),
      newestSeal: z.object({ id, hash: z.string() }).nullable(),
    })
    .meta({ id: 'AuditReport' }),
  refuses: ['too-many-requests'],
});

export const auditEndpoints = [searchAudit, exportAudit, verifyAudit];
