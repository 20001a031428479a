import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant } from './values.ts';

const tag = 'Files';

export const linkFile = endpoint({
  name: 'linkFile',
  method: 'POST',
  path: '/files/{sha256}/link',
  tag,
  summary: 'Create a download link for a file that a job stored',
  description: 'The link works without credentials until it expires.',
  role: 'viewer',
  params: z.strictObject({
    sha256: z
      .string()
      .regex(/^[\da-f]{64}$/, 'must be a SHA-256 hash: 64 lower-case hexadecimal digits'),
  }),
  body: z
    .strictObject({
      validSeconds: z
        .int()
        .min(1)
        .max(86_400)
        .optional()
        .meta({ description: 'Default: 300. Maximum: one day' }),
    })
    .prefault({}),
  answer: z.object({
    url: z.string().meta({ description: 'A path on this server' }),
    expiresAt: instant,
    name: z.string(),
    bytes: z.int(),
    contentType: z.string(),
  }),
  refuses: ['file-not-found'],
});

export const downloadFile = endpoint({
  name: 'downloadFile',
  method: 'GET',
  path: '/files/download',
  tag,
  summary: 'Download the file of a link',
  role: 'anyone',
  query: z.strictObject({ link: z.string().max(10_000) }),
  answer: z.string().meta({ format: 'binary' }),
  envelope: { type: 'application/octet-stream' },
  refuses: ['link-invalid', 'file-not-found', 'files-missing'],
});

export const fileEndpoints = [linkFile, downloadFile];
