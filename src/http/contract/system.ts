import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant } from './values.ts';

export const showSystem = endpoint({
  name: 'showSystem',
  method: 'GET',
  path: '/system',
  tag: 'System',
  summary: 'What runs here, on which database',
  role: 'viewer',
  answer: z.object({
    version: z.string(),
    node: z.string(),
    dryRun: z.boolean().meta({ description: 'This process only rehearses' }),
    backend: z.enum(['pglite', 'postgres']),
    database: z.object({
      version: z.string().meta({ description: 'Of PostgreSQL' }),
      name: z.string(),
      bytes: z.int(),
      now: instant.meta({ description: 'Its clock: the only one that counts' }),
      tables: z
        .array(z.object({ name: z.string(), bytes: z.int(), rows: z.int().nullable() }))
        .meta({ description: 'The 20 largest, with their indexes; rows are an estimate' }),
    }),
    migrations: z.array(z.object({ set: z.string(), name: z.string(), appliedAt: instant })),
  }),
});

export const systemEndpoints = [showSystem];
