import type { Notification } from '../engine/job/context.ts';
import type { Notice } from '../engine/ports/alerts.ts';

/** A notice as a notification, for the channel of this name. */
export function notificationOf(channel: string, notice: Notice): Notification {
  return {
    channel,
    to: '', // The channel knows its recipients.
    subject: titleOf(notice),
    text: textOf(notice),
    data: { alert: notice },
  };
}

/** One line: the subject of a mail, the first line of a message. */
function titleOf({ notice, severity, kind, subject }: Notice): string {
  const about = notice === 'fired' ? severity : `${notice}, ${severity}`;
  return `[humdrum] ${kind} ${subject} (${about})`;
}

/** What stands below the title. */
function textOf({ summary, alert, firedAt, at, facts }: Notice): string {
  return [
    summary,
    '',
    ...(alert === null ? [] : [`alert: ${alert}, since ${firedAt}`]),
    `raised: ${at}`,
    ...Object.entries(facts).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ].join('\n');
}
