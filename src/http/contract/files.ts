import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant } from './values.ts';

const tag = 'Files';

export const linkFile = endpoint({
  name: 'linkFile',
  method: 'POST',
  path: '/files/{sha256}/link',
  tag,
  summary: 'A link to download a file that a job has stored',
  description: 'Whoever has the link may download the file until it expires.',
  role: 'viewer',
  params: z.strictObject({
    sha256: z.string().regex(/^[\da-f]{64}$/, 'It is a SHA-256: 64 hexadecimal digits, lower case'),
  }),
  body: z
    .strictObject({
      validSeconds: z
        .int()
        .min(1)
        .max(86_400)
        .optional()
        .meta({ description: 'Default 300, at most a day' }),
    })
    .prefault({}),
  answer: z.object({
    url: z.string().meta({ description: 'On this server: a path' }),
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
  summary: 'The file of a link',
  role: 'anyone',
  query: z.strictObject({ link: z.string().max(10_000) }),
  answer: z.string().meta({ format: 'binary' }),
  envelope: { type: 'application/octet-stream' },
  refuses: ['link-invalid', 'file-not-found', 'files-missing'],
});

export const fileEndpoints = [linkFile, downloadFile];
