import type { ClaimedJob } from '../job/claimed-job.ts';
import type { NewJob } from '../job/new-job.ts';
import type { JobRun } from '../job/outcome.ts';
import type { Enqueued } from '../job/request.ts';

/**
 * Traces jobs from the enqueue to the run. `humdrum/telemetry` implements it with OpenTelemetry. A job carries a W3C trace
 * context: the `traceparent` and, if there is a `tracestate`, a space and that.
 */
export interface Tracing {
  /** Persists jobs. Calls `persist` with the trace context for the jobs, or null for none. */
  enqueue(
    jobs: readonly NewJob[],
    persist: (trace: string | null) => Promise<Enqueued[]>,
  ): Promise<Enqueued[]>;

  /** Runs an attempt. Calls `run` with the trace context for its deliveries, or null for none. */
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
    persist(trace === null ? jobs : jobs.map((job) => withTrace(job, trace))),
  );
}

function withTrace(job: NewJob, trace: string): NewJob {
  const { children } = job;
  if (!children) return { ...job, trace };
  const jobs = children.jobs.map((child) => withTrace(child, trace));
  return { ...job, trace, children: { ...children, jobs } };
}
