import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { json } from './values.ts';

const tag = 'Documentation';

export const showOpenApi = endpoint({
  name: 'showOpenApi',
  method: 'GET',
  path: '/openapi.json',
  tag,
  summary: 'The OpenAPI 3.1 description of this API',
  role: 'viewer',
  answer: z.record(z.string(), json),
  envelope: 'whole',
});

export const showDocs = endpoint({
  name: 'showDocs',
  method: 'GET',
  path: '/docs',
  tag,
  summary: 'Interactive documentation',
  description: 'Requires the package `swagger-ui-dist`.',
  role: 'viewer',
  answer: z.string(),
  envelope: { type: 'text/html' },
  refuses: ['not-found'],
});

export const docsFile = endpoint({
  name: 'docsFile',
  method: 'GET',
  path: '/docs/{file}',
  tag,
  summary: 'Assets of the documentation page',
  role: 'viewer',
  params: z.strictObject({ file: z.string().max(100) }),
  answer: z.string(),
  envelope: { type: 'text/javascript' },
  refuses: ['not-found'],
});

export const docsEndpoints = [showOpenApi, showDocs, docsFile];
