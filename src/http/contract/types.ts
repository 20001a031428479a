import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { instant, json, text } from './values.ts';

const tag = 'Job types';

const schedule = z
  .object({
    cron: z.string(),
    words: z.string(),
    timeZone: z.string(),
    misfire: z.enum(['skip', 'once', 'each']),
    misfireLimit: z.int(),
    jitterMs: z.int(),
    overlap: z.enum(['skip', 'queue', 'allow']),
  })
  .meta({ id: 'ScheduleRule' });

export const jobType = z
  .object({
    type: z.string(),
    description: z.string(),
    isEngines: z.boolean().meta({ description: "Whether it is one of the engine's own types" }),
    queue: z.string(),
    priority: z
      .int()
      .meta({ description: 'Lower runs first. One point equals one minute of waiting' }),
    atomic: z.boolean(),
    version: z.int().meta({ description: 'Version of the input' }),
    aliases: z.array(z.string()).readonly(),
    attributes: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Input paths that jobs can be filtered by' }),
    secrets: z.array(z.string()).readonly(),
    schedule: schedule.nullable(),
    retry: z.object({
      attempts: z.int(),
      backoff: z.enum(['exponential', 'linear', 'fixed']),
      delayMs: z.int(),
      maxDelayMs: z.int(),
    }),
    timeoutMs: z.int().nullable(),
    startWithinMs: z.int().nullable(),
    inputSchema: z
      .record(z.string(), json)
      .nullable()
      .meta({ description: 'JSON Schema (2020-12). Null if the schema cannot be converted' }),
  })
  .meta({ id: 'JobType' });

export const listTypes = endpoint({
  name: 'listTypes',
  method: 'GET',
  path: '/types',
  tag,
  summary: 'List the job types registered in this process',
  role: 'viewer',
  answer: z.object({ types: z.array(jobType) }),
});

const tableChange = z.object({
  table: z.string(),
  inserted: z.int(),
  updated: z.int(),
  deleted: z.int(),
});

export const plan = z
  .object({
    type: z.string(),
    input: json,
    at: z.string().meta({ description: 'The time that the handler sees as now' }),
    tables: z.array(tableChange).meta({ description: 'Rows changed, by table' }),
    effects: z
      .array(
        z.object({ kind: z.enum(['event', 'notification', 'file']), name: z.string(), data: json }),
      )
      .readonly(),
    result: json,
    error: z.object({ class: z.string(), message: z.string() }).nullable(),
    log: z
      .array(z.object({ message: z.string(), fields: z.record(z.string(), json).optional() }))
      .readonly(),
    durationMs: z.number(),
    hash: z.string().meta({ description: 'Equal for runs that do the same' }),
  })
  .meta({ id: 'Plan' });

export const rehearseType = endpoint({
  name: 'rehearseType',
  method: 'POST',
  path: '/types/{type}/rehearse',
  tag,
  summary: 'Rehearse a run: run the handler and roll back',
  description: 'Nothing is delivered or stored. If the handler fails, the answer is still a plan.',
  role: 'operator',
  params: z.strictObject({ type: text(200) }),
  body: z.strictObject({ input: json.optional(), at: instant.optional() }).prefault({}),
  answer: plan,
  refuses: ['type-unknown', 'input-invalid', 'not-serializable', 'secret-key-missing'],
});

export const typeEndpoints = [listTypes, rehearseType];
