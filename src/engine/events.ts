import type { ClaimedJob } from './claim.ts';
import type { Outcome } from './execute.ts';
import type { Plan } from './plan.ts';
import type { NoticeName, Severity } from './watch.ts';

/** What the engine tells whoever listens. The code emits; whoever logs finds the words. */
export type EngineEvent =
  | { event: 'job-settled'; job: ClaimedJob; outcome: Outcome }
  | { event: 'job-fenced'; job: ClaimedJob; outcome: Outcome }
  | { event: 'jobs-claimed'; queue: string; jobs: number; tookMs: number }
  | { event: 'batch-settled'; jobs: number; tookMs: number }
  | { event: 'jobs-rescued'; rescued: number; again: number }
  | { event: 'jobs-released'; released: number }
  | { event: 'ticks-fired'; fired: number }
  | { event: 'types-unknown'; types: readonly string[] }
  | { event: 'worker-started'; workerId: number; queues: readonly string[]; concurrency: number }
  | { event: 'worker-stopped'; workerId: number }
  | { event: 'lease-lost'; workerId: number }
  | { event: 'rehearsed'; plan: Plan }
  | {
      event: 'alert';
      notice: NoticeName;
      severity: Severity;
      kind: string;
      subject: string;
      summary: string;
    }
  | { event: 'trouble'; doing: string; error: unknown };

export type Listener = (event: EngineEvent) => void;
