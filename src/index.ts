export { createHumdrum } from './engine/create-humdrum.ts';
export type { Humdrum } from './engine/humdrum.ts';
export type { BulkOptions, HumdrumOptions, OperatorAct } from './engine/options.ts';
export type { JobRequest } from './engine/job/request.ts';
export type { Enqueued } from './engine/job/request.ts';
export { defineJob } from './engine/job/define-job.ts';
export type {
  HealthRule,
  JobDefinition,
  JobType,
  RetryDecision,
  RetryPolicy,
  ScheduleRule,
} from './engine/job/job-type.ts';
export type { Json } from './engine/base/json.ts';
export { defineChannel, defineSubscriber } from './engine/deliveries/receiver.ts';
export type { Channel, ChannelOptions, SubscriberOptions } from './engine/deliveries/receiver.ts';
export type { Receiver } from './engine/ports/receivers.ts';
export type { Delivery } from './engine/deliveries/delivery.ts';
export { PermanentError } from './engine/job/errors.ts';
export { RetryAfterError } from './engine/job/errors.ts';
export { STATUSES, allowedActions } from './engine/job/lifecycle.ts';
export type { Action, Status } from './engine/job/lifecycle.ts';
export type { Context, FileFact, ForEachReport, Notification } from './engine/job/context.ts';
export type { Debounce, EnqueueOptions, Unique } from './engine/job/request.ts';
export type { LimitRule, LimitUse } from './engine/job/limit-rule.ts';
export type { ChildReport } from './engine/job/context.ts';
export type { Hold } from './engine/job/hold.ts';
export type { EngineEvent, Listener } from './engine/ports/events.ts';
export type { FileStorage, FileToStore, StoredFile } from './engine/ports/file-storage.ts';
export type { Plan } from './engine/job/plan.ts';
export { verifyAuditExport } from './engine/audit/export.ts';
export type { AuditFault, AuditReport } from './engine/audit/verify.ts';
export type { Recording, Replay } from './engine/rehearse/replay.ts';
export type { RunOptions, RunReport } from './engine/worker/run-now.ts';
export type { Drained, DrainedAttempt, DrainOptions } from './engine/worker/drain.ts';
export type { Standing } from './engine/show/why.ts';
export { describeCron } from './engine/schedule/describe-cron.ts';
export type { Backfill, BackfillOptions } from './engine/schedule/backfill.ts';
export type { NextTick, ScheduleSummary } from './engine/show/schedules.ts';
export type { Pack } from './engine/job/pack.ts';
export type { JobDetail } from './engine/show/job.ts';
export type { Execution, ExecutionOptions } from './engine/show/executions.ts';
export type { JobPage } from './engine/search/list-jobs.ts';
export type { JobSummary } from './engine/search/job-summary.ts';
export type { JobFilter, JobQuery, ListOptions, PageOptions } from './engine/search/job-query.ts';
export type { FileData } from './engine/job/context.ts';
export type { Watch } from './engine/ports/alerts.ts';
export type { NoticeName, Severity } from './engine/ports/events.ts';
export type { WorkerOptions } from './engine/worker/options.ts';
export type { Database, Queryable, Transaction } from './database/database.ts';
export { HumdrumError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export type {
  ExecutionStats,
  StatisticsOptions,
  TypeCounts,
  TypeStatistics,
} from './engine/statistics/statistics.ts';
export type { Percentiles } from './engine/statistics/percentiles.ts';
