import type { Database } from '../database/database.ts';
import type { Listener } from './events.ts';
import type { JobType } from './job-type.ts';

/** Looks after the jobs of a database by jobs of its own: `defineAlerts` of `humdrum/alerts` makes one. */
export interface Watch {
  /** Its job types. What it tells is heard by whoever listens to the engine. */
  types(engine: { database: Database; tell: Listener }): readonly JobType[];
  /** Where people are told. `check`, where it can be asked, tells nobody and throws where a notice would not get through. */
  readonly sinks: readonly { readonly name: string; check?(): Promise<void> }[];
}

/** Why people are told of an alert. */
export const NOTICES = ['fired', 'repeated', 'escalated', 'resolved', 'test'] as const;
export type NoticeName = (typeof NOTICES)[number];

/** By the level of an alert, from 0. */
export const SEVERITIES = ['notice', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
