import { z } from 'zod';
import { NOTICES, SEVERITIES } from '../engine/ports/events.ts';

/** What people are told: the alert as it was then. The body of the webhook, and the input of the jobs that deliver it. */
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
  facts: z.record(z.string(), z.unknown()),
  /** ISO 8601. */
  firedAt: z.string(),
  /** When people were to be told this. */
  at: z.string(),
});

export type Notice = z.output<typeof noticeSchema>;

/** One line: the subject of a mail, the first line of a message. */
export function titleOf({ notice, severity, kind, subject }: Notice): string {
  const about = notice === 'fired' ? severity : `${notice}, ${severity}`;
  return `[humdrum] ${kind} ${subject} (${about})`;
}

/** What stands below the title. */
export function textOf({ summary, alert, firedAt, at, facts }: Notice): string {
  return [
    summary,
    '',
    ...(alert === null ? [] : [`alert: ${alert}, since ${firedAt}`]),
    `told: ${at}`,
    ...Object.entries(facts).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ].join('\n');
}
