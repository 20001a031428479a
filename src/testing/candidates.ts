import type { Queryable } from '../database/database.ts';
import { type Names, refuseUnknown } from '../errors.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Status } from '../engine/job/lifecycle.ts';
import type { Effect } from '../engine/job/outcome.ts';
import { instantOf } from './clock.ts';
import type { Candidate } from './expectation.ts';
import { differences, show } from './matching.ts';
import { type EffectSeen, type JobSeen, seeEffects, seeJobs } from './queries.ts';

/** A pattern for jobs. Omitted fields match any value, except `status`. */
export interface JobLike {
  type?: JobType | string;
  /** The fields to compare, at any depth. Matchers such as `expect.any(String)` work too. */
  input?: unknown;
  /** When the job is due. */
  runAt?: Date | string;
  queue?: string;
  /** Default: `queued`. */
  status?: Status | 'any';
}

const JOB = {
  type: true,
  input: true,
  runAt: true,
  queue: true,
  status: true,
} satisfies Names<JobLike>;

/** A pattern for events and notifications. Omitted fields match any value. */
export interface EffectLike {
  /** Name of the event or channel. */
  name?: string;
  /** The fields to compare, at any depth. */
  data?: unknown;
  /** Type of the job that emitted it. */
  type?: JobType | string;
}

const EFFECT = { name: true, data: true, type: true } satisfies Names<EffectLike>;

/** Maximum number of rows that an assertion reads. */
const MOST = 10_000;

export async function jobCandidates(db: Queryable, like: JobLike): Promise<Candidate<JobSeen>[]> {
  refuseUnknown('input-invalid', 'What a job must be like', like, JOB);
  const jobs = complete(await seeJobs(db, MOST + 1), 'jobs');
  return jobs.map((job) => ({
    item: job,
    words: jobWords(job),
    differences: jobFaults(job, like),
  }));
}

export async function effectCandidates(
  db: Queryable,
  kind: Effect['kind'],
  like: EffectLike,
): Promise<Candidate<EffectSeen>[]> {
  refuseUnknown('input-invalid', 'What an effect must be like', like, EFFECT);
  const effects = complete(await seeEffects(db, MOST + 1), 'effects');
  return effects
    .filter((effect) => effect.kind === kind)
    .map((effect) => ({
      item: effect,
      words: `${effect.name} ${show(effect.data)}, from job ${effect.jobId} ${effect.type}`,
      differences: effectFaults(effect, like),
    }));
}

function complete<T>(seen: T[], what: string): T[] {
  if (seen.length <= MOST) return seen;
  throw new Error(`There are more than ${MOST} ${what}, too many for an assertion.`);
}

/** Replaces a job type by its name, for messages. */
export function wantedOf<Like extends { type?: JobType | string }>(like: Like): object {
  return 'type' in like ? { ...like, type: nameOf(like.type) } : like;
}

const nameOf = (type: JobType | string | undefined): string | undefined =>
  typeof type === 'object' ? type.type : type;

export function jobWords({ id, type, input, status, runAt }: JobSeen): string {
  const due = status === 'queued' ? `, due ${runAt.toISOString()}` : '';
  return `job ${id} ${type} ${show(input)}, ${status}${due}`;
}

function jobFaults(job: JobSeen, like: JobLike): string[] {
  const { type, input, runAt, queue, status = 'queued' } = like;
  return [
    ...(type === undefined ? [] : differences(nameOf(type), job.type, 'type')),
    ...(input === undefined ? [] : differences(input, job.input, 'input')),
    ...(runAt === undefined
      ? []
      : differences(instantOf(runAt).toISOString(), job.runAt.toISOString(), 'runAt')),
    ...(queue === undefined ? [] : differences(queue, job.queue, 'queue')),
    ...(status === 'any' ? [] : differences(status, job.status, 'status')),
  ];
}

function effectFaults(effect: EffectSeen, { name, data, type }: EffectLike): string[] {
  return [
    ...(name === undefined ? [] : differences(name, effect.name, 'name')),
    ...(data === undefined ? [] : differences(data, effect.data, 'data')),
    ...(type === undefined ? [] : differences(nameOf(type), effect.type, 'type')),
  ];
}
