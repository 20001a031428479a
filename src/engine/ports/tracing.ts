import type { ClaimedJob } from '../job/claimed-job.ts';
import type { NewJob } from '../job/new-job.ts';
import type { JobRun } from '../job/outcome.ts';
import type { Enqueued } from '../job/request.ts';

/**
 * Who follows jobs from where they are asked for to where they run; `humdrum/telemetry` has one for OpenTelemetry. The
 * context that goes along is W3C's: a `traceparent`, and behind a space the `tracestate` where there is one.
 */
export interface Tracing {
  /** Persists jobs. `persist` is given the context that they carry along; null: none. */
  enqueue(
    jobs: readonly NewJob[],
    persist: (trace: string | null) => Promise<Enqueued[]>,
  ): Promise<Enqueued[]>;

  /** Makes an attempt. `perform` is given the context that what follows from it carries along; null: none. */
  run(job: ClaimedJob, perform: (trace: string | null) => Promise<JobRun>): Promise<JobRun>;
}

/** Persists jobs, which carry a context along where somebody traces them. */
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
