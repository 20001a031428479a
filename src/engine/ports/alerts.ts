import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import type { JobType } from '../job/job-type.ts';
import { type Listener, NOTICES, SEVERITIES } from './events.ts';
import type { Receiver } from './receivers.ts';

/** Watches the jobs of a database by jobs of its own: `defineAlerts` of `humdrum/alerts` makes one. */
export interface Watch {
  /** Its job types, without those of its channels. */
  types(engine: { database: Database; tell: Listener }): readonly JobType[];
  /** The channels that alerts go to. `check` connects without sending, and throws if a message would not get through. */
  readonly sinks: readonly (Receiver & { readonly name: string; check?(): Promise<void> })[];
}

/** An alert as it was when this notice of it was raised. Notifications of alerts carry it as `data.alert`. */
export const noticeSchema = z.object({
  /** Null: a test. */
  alert: z.int().nullable(),
  notice: z.enum(NOTICES),
  kind: z.string(),
  /** The job type, `queue:NAME`, `workers` or `database`. */
  subject: z.string(),
  severity: z.enum(SEVERITIES),
  /** One sentence. */
  summary: z.string(),
  facts: z.record(z.string(), z.json()),
  /** ISO 8601. */
  firedAt: z.string(),
  /** When the notice was raised. */
  at: z.string(),
});

export type Notice = z.output<typeof noticeSchema>;
