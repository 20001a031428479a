import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant } from './values.ts';

export const showSystem = endpoint({
  name: 'showSystem',
  method: 'GET',
  path: '/system',
  tag: 'System',
  summary: 'Version, database and migrations of this process',
  role: 'viewer',
  answer: z.object({
    version: z.string(),
    node: z.string(),
    dryRun: z.boolean().meta({ description: 'Whether this process is in dry-run mode' }),
    backend: z.enum(['pglite', 'postgres']),
    database: z.object({
      version: z.string().meta({ description: 'PostgreSQL version' }),
      name: z.string(),
      bytes: z.int(),
      now: instant.meta({ description: 'Current time of the database, which all jobs go by' }),
      tables: z
        .array(z.object({ name: z.string(), bytes: z.int(), rows: z.int().nullable() }))
        .meta({
          description: 'The 20 largest tables. `bytes` includes indexes; `rows` is an estimate',
        }),
    }),
    migrations: z.array(z.object({ set: z.string(), name: z.string(), appliedAt: instant })),
  }),
});

export const systemEndpoints = [showSystem];
