import { z } from 'zod';
import { WORKER_STATES } from '../../engine/show/workers.ts';
import { endpoint } from './endpoint.ts';
import { id, instant } from './values.ts';

const queue = z
  .object({
    queue: z.string(),
    ready: z.int().meta({ description: 'May start now' }),
    later: z.int().meta({ description: 'Have a time to come' }),
    parked: z.int().meta({ description: 'Wait in the line of a limit' }),
    running: z.int(),
    failed: z.int().meta({ description: 'Wait for an operator' }),
    capped: z.boolean().meta({ description: 'Counts end at 100,000: there may be more' }),
    waitingSince: instant.nullable().meta({ description: 'When the first in line was due' }),
    workers: z.int().meta({ description: 'Live ones that serve it' }),
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
  summary: 'The queues, and how many jobs are where in them',
  role: 'viewer',
  answer: z.object({ queues: z.array(queue) }),
});

const worker = z
  .object({
    id,
    name: z.string(),
    state: z.enum(WORKER_STATES).meta({
      description: 'lost: it has not been heard of in time, and what it ran is about to be rescued',
    }),
    startedAt: instant,
    expiresAt: instant
      .nullable()
      .meta({ description: 'Until when it is believed to live. Null: as long as its process' }),
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
  summary: 'The processes that run jobs: those that live, are lost, or ended in the last hour',
  role: 'viewer',
  answer: z.object({ workers: z.array(worker) }),
});

export const queueEndpoints = [listQueues, listWorkers];
