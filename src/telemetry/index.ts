export { collectMetrics } from './metrics.ts';
export type { Metrics, MetricsOptions } from './metrics.ts';
export { traceJobs } from './trace-jobs.ts';
export type { TraceOptions } from './trace-jobs.ts';
