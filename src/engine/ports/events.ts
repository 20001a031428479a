import type { ClaimedJob } from '../job/claimed-job.ts';
import type { ErrorFact } from '../job/error-fact.ts';
import type { Hold } from '../job/hold.ts';
import type { Outcome } from '../job/outcome.ts';
import type { Plan } from '../job/plan.ts';

/** The events that the engine emits to listeners. They carry data; the wording of logs is up to the listener. */
export type EngineEvent =
  | { event: 'job-started'; job: ClaimedJob; trace: string | null }
  | { event: 'job-settled'; job: ClaimedJob; outcome: Outcome }
  | { event: 'job-fenced'; job: ClaimedJob; outcome: Outcome }
  | { event: 'job-aborted'; job: ClaimedJob; outcome: Outcome }
  | { event: 'job-given-back'; job: ClaimedJob; error: ErrorFact }
  | { event: 'jobs-claimed'; queue: string; jobs: number; tookMs: number }
  | { event: 'batch-settled'; jobs: number; tookMs: number }
  | { event: 'jobs-rescued'; rescued: number; again: number; charged: number }
  | { event: 'jobs-released'; released: number }
  | { event: 'ticks-fired'; fired: number }
  /** The rules in the database stay: those of this process are older, and live workers have the newer ones. */
  | { event: 'schedules-kept'; schedules: readonly string[] }
  | { event: 'types-unknown'; types: readonly string[] }
  | { event: 'database-held'; hold: Hold }
  | { event: 'database-unheld' }
  | { event: 'worker-started'; workerId: number; queues: readonly string[]; concurrency: number }
  | { event: 'worker-stopped'; workerId: number }
  | { event: 'lease-lost'; workerId: number }
  /** A handler computed for so long that nothing else ran. `jobs`: those that were running. */
  | { event: 'loop-blocked'; ms: number; jobs: readonly ClaimedJob[] }
  | { event: 'rehearsed'; plan: Plan }
  | {
      event: 'alert';
      notice: NoticeName;
      severity: Severity;
      kind: string;
      subject: string;
      summary: string;
    }
  | { event: 'notification'; channel: string; to: string; subject: string | null; text: string }
  /** `repeated`: so many like it were not told in the seconds before. */
  | { event: 'trouble'; doing: string; error: unknown; repeated?: number };

export type Listener = (event: EngineEvent) => void;

/** Why a notice of an alert is sent. */
export const NOTICES = ['fired', 'repeated', 'escalated', 'resolved', 'test'] as const;

export type NoticeName = (typeof NOTICES)[number];

/** Indexed by the level of an alert, from 0. */
export const SEVERITIES = ['notice', 'warning', 'error', 'critical'] as const;

export type Severity = (typeof SEVERITIES)[number];
