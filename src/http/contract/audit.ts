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
  summary: 'Search the audit log, newest first',
  description:
    'A page scans a limited number of rows, so it may contain fewer than `limit`, or none, although more follow. `next` is null on the last page.',
  role: 'viewer',
  query: z.strictObject({
    job: idText.optional(),
    actor: text(200)
      .optional()
      .meta({ description: 'An exact name, or a prefix and `*`: `user:*`' }),
    event: several(auditEvent).optional(),
    from: instant.optional(),
    to: instant.optional(),
    limit: whole(1, 1_000).optional(),
    before: idText.optional().meta({ description: '`next` of the previous page' }),
  }),
  answer: z.object({ rows: z.array(auditEntry), next: id.nullable() }),
});

export const exportAudit = endpoint({
  name: 'exportAudit',
  method: 'GET',
  path: '/audit/export',
  tag,
  summary: 'Export the whole audit log with its seals, as JSON lines',
  description:
    'For `humdrum audit verify --file`, which needs no database. Only one export or verification runs at a time.',
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
  summary: 'Verify the audit log against its seals',
  description:
    'Reads the whole log, which takes a while if it is long. Only one export or verification runs at a time.',
  role: 'operator',
  query: z.strictObject({
    expect: z
      .string()
      .regex(/^[\da-f]{64}$/i, 'must be 64 hexadecimal digits')
      .optional()
      .meta({ description: 'The hash of a seal noted earlier, which must still exist' }),
  }),
  answer: z
    .object({
      fault: fault.nullable().meta({ description: 'The first mismatch found' }),
      seals: z.int(),
      rows: z.int(),
      unsealed: z.int().nullable().meta({ description: 'Rows newer than the newest seal' }),
      newestSeal: z.object({ id, hash: z.string() }).nullable(),
    })
    .meta({ id: 'AuditReport' }),
  refuses: ['too-many-requests'],
});

export const auditEndpoints = [searchAudit, exportAudit, verifyAudit];
