import { z } from 'zod';
import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { canonicalJson } from '../base/canonical-json.ts';
import { AN_INSTANT, isInstant } from '../base/instant.ts';
import type { Json } from '../base/json.ts';
import { shown } from '../base/shown.ts';
import { isWhole } from '../base/whole-number.ts';
import type { JobType } from '../job/job-type.ts';
import type { Effect } from '../job/outcome.ts';
import type { Plan } from '../job/plan.ts';
import { conceal } from '../job/secrets.ts';
import type { Runtime } from '../ports/runtime.ts';
import { rehearseAs } from './rehearse.ts';

const recordingSchema = z.object({
  format: z.literal('humdrum-recording/1'),
  type: z.string(),
  /** The version of the input. */
  version: z.number().int(),
  jobId: z.number().int(),
  attempt: z.number().int(),
  /** Without secrets. */
  input: z.json(),
  /** The handler's `ctx.now`. */
  at: z.iso.datetime().refine((text) => isInstant(new Date(text)), `must be ${AN_INSTANT}`),
  seed: z.string(),
  /** The Node version of the process that exported it. */
  node: z.string(),
  ended: z.union([
    z.object({ result: z.json() }),
    z.object({ error: z.object({ class: z.string(), message: z.string() }) }),
  ]),
  /** Null for a failed attempt: its effects are not kept. */
  effects: z
    .array(
      z.object({
        kind: z.enum(['event', 'notification', 'file']),
        name: z.string(),
        data: z.json(),
      }),
    )
    .nullable(),
});

/** A recorded attempt, with everything that its handler was given: enough to rehearse it elsewhere. */
export type Recording = z.infer<typeof recordingSchema>;

export interface Replay {
  /** Whether the result or error and the effects match the recording. */
  same: boolean;
  /** Which differ: `result`, `error`, `effects`. */
  differences: string[];
  plan: Plan;
}

interface Row {
  type: string;
  version: number;
  input: Json;
  run_at: Date;
  seed: string;
  number: number;
  status: string;
  result: Json;
  error_class: string;
  error_message: string;
  effects: Effect[] | null;
}

const RECORDED = `
select type, version, input, run_at, coalesce(seed, 'job:' || id) as seed, number, status, result, error_class, error_message, (
  select json_agg(json_build_object('kind', kind, 'name', name, 'data', data) order by ordinal)
  from humdrum.effect where effect.job_id = job.id
) as effects
from humdrum.job join humdrum.attempt on attempt.job_id = job.id
where job.id = $1 and ($2::smallint is null or number = $2) order by number desc limit 1`;

/** Their numbers are stored in two bytes. */
const MOST_ATTEMPTS = 32_767;

/** Exports one attempt. `attempt` defaults to the last one. Errors: `job-not-found`. */
export async function exportAttempt(
  db: Queryable,
  jobId: number,
  attempt?: number,
): Promise<Recording> {
  const row = await attemptOf(db, jobId, attempt);
  if (!row) {
    const which = attempt === undefined ? 'no attempt yet' : `no attempt ${shown(attempt)}`;
    throw new HumdrumError('job-not-found', `There is no job ${jobId}, or it has ${which}.`);
  }
  const completed = row.status === 'completed';
  return {
    format: 'humdrum-recording/1',
    type: row.type,
    version: row.version,
    jobId,
    attempt: row.number,
    input: conceal(row.input),
    at: row.run_at.toISOString(),
    seed: row.seed,
    node: process.version,
    ended: completed
      ? { result: row.result }
      : { error: { class: row.error_class, message: row.error_message } },
    effects: completed ? (row.effects ?? []) : null,
  };
}

async function attemptOf(db: Queryable, jobId: number, attempt?: number): Promise<Row | undefined> {
  if (attempt !== undefined && !isWhole(attempt, 1, MOST_ATTEMPTS)) return undefined;
  const { rows } = await db.query<Row>(RECORDED, [jobId, attempt ?? null]);
  return rows[0];
}

/** Reads a recording from JSON. Errors: `input-invalid`. */
export function parseRecording(value: unknown): Recording {
  const parsed = recordingSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HumdrumError(
    'input-invalid',
    `Not a valid recording: ${issue?.path.join('.') || '(recording)'}: ${issue?.message}`,
  );
}

/** Rehearses a recorded attempt on the data in this database, and compares the outcome with the recording. */
export async function replay(
  runtime: Runtime,
  type: JobType,
  recording: Recording,
): Promise<Replay> {
  if (!type.versions().includes(recording.version)) {
    throw new HumdrumError(
      'input-invalid',
      `${type.type} cannot run version ${recording.version} of its input. It supports ${type.versions().join(', ')}.`,
    );
  }
  const plan = await rehearseAs(runtime, type, {
    id: recording.jobId,
    attempt: recording.attempt,
    input: recording.input,
    version: recording.version,
    runAt: new Date(recording.at),
    seed: recording.seed,
  });
  const { ended, effects } = recording;
  const pairs: [string, unknown, unknown][] = [
    ['result', 'result' in ended ? ended.result : null, plan.result],
    ['error', 'error' in ended ? ended.error : null, plan.error],
    ['effects', effects ?? plan.effects, plan.effects],
  ];
  const differences = pairs
    .filter(([, recorded, replayed]) => canonicalJson(recorded) !== canonicalJson(replayed))
    .map(([name]) => name);
  return { same: differences.length === 0, differences, plan };
}
