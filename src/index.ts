export { createHumdrum } from './engine/create-humdrum.ts';
export type { Humdrum } from './engine/humdrum.ts';
export type { BulkOptions, HumdrumOptions, OperatorAct } from './engine/humdrum-options.ts';
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
export { defineChannel, defineSubscriber } from './engine/receiver.ts';
export type { ChannelOptions, Receiver, SubscriberOptions } from './engine/receiver.ts';
export type { Delivery } from './engine/delivery.ts';
export { PermanentError } from './engine/job/errors.ts';
export { RetryAfterError } from './engine/job/errors.ts';
export { STATUSES, allowedActions } from './engine/job/lifecycle.ts';
export type { Action, Status } from './engine/job/lifecycle.ts';
export type { Context, FileFact, ForEachReport, Notification } from './engine/job/context.ts';
export type { Debounce, EnqueueOptions, Unique } from './engine/job/request.ts';
export type { LimitRule, LimitUse } from './engine/job/limit-rule.ts';
export type { ChildReport } from './engine/job/outcome.ts';
export type { EngineEvent, Listener } from './engine/ports/events.ts';
export type { FileStorage, FileToStore, StoredFile } from './engine/ports/file-storage.ts';
export type { Plan } from './engine/job/plan.ts';
export { verifyAuditExport } from './engine/audit-export.ts';
export type { AuditFault, AuditReport } from './engine/verify-audit.ts';
export type { Recording, Replay } from './engine/replay.ts';
export type { RunOptions, RunReport } from './engine/run-now.ts';
export type { Drained, DrainedAttempt, DrainOptions } from './engine/drain.ts';
export type { JobFilter } from './engine/bulk.ts';
export type { Standing } from './engine/why.ts';
export { describeCron } from './engine/describe-cron.ts';
export type { Backfill, BackfillOptions } from './engine/backfill.ts';
export type { NextTick, ScheduleSummary } from './engine/schedule.ts';
export type { Pack } from './engine/job/pack.ts';
export type { Execution, JobDetail } from './engine/history.ts';
export type { JobPage, JobSummary } from './engine/list-jobs.ts';
export type { JobQuery, ListOptions, PageOptions } from './engine/list-filter.ts';
export type { FileData } from './engine/job/context.ts';
export type { Watch } from './engine/ports/alerts.ts';
export type { NoticeName, Severity } from './engine/ports/events.ts';
export type { WorkerOptions } from './engine/worker-options.ts';
export type { Database, Queryable, Transaction } from './database/database.ts';
export { HumdrumError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export type {
  ExecutionStats,
  StatisticsOptions,
  TypeCounts,
  TypeStatistics,
} from './engine/statistics.ts';
export type { Percentiles } from './engine/percentiles.ts';
