import type { ClaimedJob } from '../job/claimed-job.ts';
import type { NewJob } from '../job/new-job.ts';
import type { JobRun } from '../job/outcome.ts';
import type { Enqueued } from '../job/request.ts';

/**
 * Follows jobs from where they are enqueued to where they run; `humdrum/telemetry` has an implementation for OpenTelemetry.
 * The context that a job carries is W3C's: a `traceparent`, then, if there is one, a space and the `tracestate`.
 */
export interface Tracing {
  /** Persists jobs. `persist` is given the context that they carry; null: none. */
  enqueue(
    jobs: readonly NewJob[],
    persist: (trace: string | null) => Promise<Enqueued[]>,
  ): Promise<Enqueued[]>;

  /** Runs an attempt. `run` is given the context for the jobs that follow from it; null: none. */
  run(job: ClaimedJob, run: (trace: string | null) => Promise<JobRun>): Promise<JobRun>;
}

/** Persists jobs, with a trace context if a tracer is configured. */
export async function enqueueTraced(
  tracing: Tracing | null,
  jobs: readonly NewJob[],
  persist: (jobs: readonly NewJob[]) => Promise<Enqueued[]>,
): Promise<Enqueued[]> {
  if (!tracing || jobs.length === 0) return persist(jobs);
  return tracing.enqueue(jobs, (trace) =>
    persist(trace === null ? jobs : jobs.map((job) => carrying(job, trace))),
  );
}

function carrying(job: NewJob, trace: string): NewJob {
  const { children } = job;
  if (!children) return { ...job, trace };
  const jobs = children.jobs.map((child) => carrying(child, trace));
  return { ...job, trace, children: { ...children, jobs } };
}
