import { z } from 'zod';
import type { Delivery } from '../engine/deliveries/delivery.ts';
import { PermanentError } from '../engine/job/errors.ts';
import { type Notice, noticeSchema } from '../engine/ports/alerts.ts';
import { SEVERITIES, type Severity } from '../engine/ports/events.ts';

/** What a channel sends: a notification of a job, or the notice of an alert. */
export interface Message {
  /** The same in every attempt. */
  key: string;
  channel: string;
  /** In the channel's form. Empty: to the channel's own recipients, as for alerts. */
  to: string;
  /** One line. Empty where the notification has no subject. */
  title: string;
  text: string;
  severity: Severity;
  /** A page for people, `http:` or `https:`. */
  link: string | null;
  /** The job's time, in ISO 8601; of an alert, when the notice was raised. */
  at: string;
  /** Set where it is the notice of an alert. */
  alert: Notice | null;
  data: unknown;
}

/** The largest message that is sent: what is longer is refused. */
const MAX_CHARACTERS = 1_048_576;

const notification = z.object({
  to: z.string(),
  subject: z.string().nullish(),
  text: z.string(),
  data: z.unknown().optional(),
});

const hints = z
  .object({
    severity: z.enum(SEVERITIES).optional().catch(undefined),
    link: z.string().optional().catch(undefined),
    alert: noticeSchema.optional().catch(undefined),
  })
  .catch({});

/** Reads a delivery. Errors: `PermanentError` for what is no notification, since no retry makes it one. */
export function messageOf({ key, name, data: given, job }: Delivery): Message {
  const parsed = notification.safeParse(given);
  if (!parsed.success) {
    throw new PermanentError(
      `A notification has "to" and "text", both strings, and maybe a "subject". Got: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { to, subject, text, data = null } = parsed.data;
  if (text.length > MAX_CHARACTERS || (data !== null && sizeOf(data) > MAX_CHARACTERS)) {
    throw new PermanentError(
      `The text and the data of a notification have at most ${MAX_CHARACTERS.toLocaleString('en-US')} characters each.`,
    );
  }
  const { severity, link, alert } = hints.parse(data ?? {});
  return {
    key,
    channel: name,
    to,
    title: (subject ?? '').replaceAll(/\s+/g, ' ').trim(),
    text,
    severity: alert?.severity ?? severity ?? 'notice',
    link: link === undefined ? null : pageAt(link),
    at: alert?.at ?? job.now.toISOString(),
    alert: alert ?? null,
    data,
  };
}

const sizeOf = (data: unknown): number => JSON.stringify(data).length;

function pageAt(link: string): string | null {
  const url = URL.canParse(link) ? new URL(link) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** Title, text and link, for services that take one text. */
export function plainText({ title, text, link }: Message): string {
  return [...(title === '' ? [] : [title, '']), text, ...(link === null ? [] : ['', link])].join(
    '\n',
  );
}

/** Cuts what a service would refuse for its length. */
export function cut(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}
