import { z } from 'zod';
import { WORKER_STATES } from '../../engine/show/workers.ts';
import { endpoint } from './endpoint.ts';
import { id, instant } from './values.ts';

const queue = z
  .object({
    queue: z.string(),
    ready: z.int().meta({ description: 'Jobs that can start now' }),
    later: z.int().meta({ description: 'Jobs due later' }),
    parked: z.int().meta({ description: 'Jobs waiting for a limit' }),
    running: z.int(),
    failed: z.int().meta({ description: 'Jobs waiting for an operator' }),
    capped: z.boolean().meta({ description: 'Whether a count stopped at 100,000' }),
    waitingSince: instant.nullable().meta({ description: 'When the first waiting job was due' }),
    workers: z.int().meta({ description: 'Live workers that serve the queue' }),
    limit: z
      .object({
        concurrency: z.int().optional(),
        rate: z.object({ tokens: z.int(), perMs: z.int() }).optional(),
      })
      .nullable(),
  })
  .meta({ id: 'Queue' });

export const listQueues = endpoint({
  name: 'listQueues',
  method: 'GET',
  path: '/queues',
  tag: 'Queues',
  summary: 'List the queues with their job counts',
  role: 'viewer',
  answer: z.object({ queues: z.array(queue) }),
});

const worker = z
  .object({
    id,
    name: z.string(),
    state: z.enum(WORKER_STATES).meta({
      description: 'lost: it missed its heartbeats, and its jobs are about to be rescued',
    }),
    startedAt: instant,
    expiresAt: instant.nullable().meta({
      description: 'When its lease expires. Null: the lease lasts as long as the process',
    }),
    queues: z.array(z.string()),
    types: z.array(z.string()),
    runningCount: z.int(),
    running: z
      .array(z.object({ id, type: z.string(), attempt: z.int(), since: instant }))
      .meta({ description: 'The first 100' }),
  })
  .meta({ id: 'Worker' });

export const listWorkers = endpoint({
  name: 'listWorkers',
  method: 'GET',
  path: '/workers',
  tag: 'Workers',
  summary: 'List workers that are live, lost, or stopped within the last hour',
  role: 'viewer',
  answer: z.object({ workers: z.array(worker) }),
});

export const queueEndpoints = [listQueues, listWorkers];
