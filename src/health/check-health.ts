import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { Context } from '../engine/job/context.ts';
import { defineJob } from '../engine/job/define-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Notice } from '../engine/ports/alerts.ts';
import { SEVERITIES } from '../engine/ports/events.ts';
import { contactsOf, type NoticePolicy, transitionsOf } from './alert-state.ts';
import {
  apply,
  keepMessages,
  type Noted,
  noticesInHour,
  openAlerts,
  supersede,
  toldChannels,
} from './alert-store.ts';
import { readFacts } from './facts.ts';
import { CHECK_HEALTH } from './kinds.ts';
import { keep, remember } from './memory.ts';
import { notificationOf } from './notice.ts';
import { type Finding, findingsOf, type Thresholds } from './rules.ts';

export interface CheckSettings {
  thresholds: Thresholds;
  policy: NoticePolicy;
  /** Names of channels, by level. */
  escalation: readonly (readonly string[])[];
}

/** Ahead of nearly everything else: a check that waits in a queue cannot report how long that queue is. */
const FIRST = -1_000;

/** The check, the alerts and their notifications are one transaction. Channels deliver after it has committed. */
export function checkHealth(database: Database, settings: CheckSettings): JobType {
  return defineJob({
    type: CHECK_HEALTH,
    description: 'Checks jobs, queues and workers, and raises alerts.',
    input: z.object({}),
    schedule: { cron: '*/5 * * * *', overlap: 'skip' },
    retry: { attempts: 3, delayMs: 5_000 },
    priority: FIRST,
    timeoutMs: 120_000,
    run: (ctx) => check(ctx, database.backend, settings),
  });
}

async function check(
  ctx: Context,
  backend: Database['backend'],
  { thresholds, policy, escalation }: CheckSettings,
): Promise<object> {
  const memory = await remember(ctx.db);
  const { now } = memory;
  const facts = await readFacts(ctx.db, backend, memory);
  const transitions = transitionsOf(findingsOf(facts, thresholds), await openAlerts(ctx.db), {
    ...policy,
    now,
    noticesInHour: await noticesInHour(ctx.db),
  });
  const noted = await apply(ctx.db, transitions, now);
  await supersede(ctx.db, transitions, now);
  await keep(ctx.db, memory);
  const told = await toldChannels(ctx.db, noted);
  await notifyOf(ctx, noted, { escalation, told, now });
  const count = (change: string): number =>
    transitions.filter((each) => each.change === change).length;
  const [opened, kept, resolved] = ['opened', 'kept', 'resolved'].map(count);
  const open = (opened ?? 0) + (kept ?? 0);
  return {
    open,
    opened,
    resolved,
    told: noted.length,
    message: `${open} ${open === 1 ? 'alert is' : 'alerts are'} open.`,
  };
}

/** One notification per notice and channel. Nothing else in the check leaves effects, so their places are counted here. */
async function notifyOf(
  ctx: Context,
  noted: readonly Noted[],
  {
    escalation,
    told,
    now,
  }: Pick<CheckSettings, 'escalation'> & { told: Map<number, string[]>; now: Date },
): Promise<void> {
  const known = new Set(escalation.flat());
  const sent = noted.flatMap((one) => {
    const notice = noticeOf(one, now);
    const contacts = contactsOf(one.transition, escalation);
    const channels = told.get(one.alertId)?.filter((name) => known.has(name)) ?? contacts;
    return channels.map((channel) => ({
      noticeId: one.noticeId,
      channel,
      notice,
    }));
  });
  for (const { channel, notice } of sent) ctx.notify(notificationOf(channel, notice));
  const job = ctx.job.id ?? 0;
  await keepMessages(
    ctx.db,
    sent.map(({ noticeId, channel }, ordinal) => ({
      noticeId,
      job,
      ordinal,
      receiver: `notify.${channel}`,
    })),
  );
}

/** `Resolved: shop.charge (it had failed 4 times in a row).` */
function resolvedText({ subject, summary }: Finding): string {
  const head = `${subject} has `;
  const text = summary.replace(/\.$/, '');
  return text.startsWith(head)
    ? `Resolved: ${subject} (it had ${text.slice(head.length)}).`
    : `Resolved. It was: ${text}.`;
}

function noticeOf({ transition, alertId, notice }: Noted, now: Date): Notice {
  const { finding, level, firedAt } = transition;
  const { kind, subject, summary, facts } = finding;
  return {
    alert: alertId,
    notice,
    kind,
    subject,
    severity: SEVERITIES[level] ?? 'critical',
    summary: notice === 'resolved' ? resolvedText(finding) : summary,
    facts,
    firedAt: firedAt.toISOString(),
    at: now.toISOString(),
  };
}
