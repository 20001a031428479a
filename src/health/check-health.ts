import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { Context } from '../engine/job/context.ts';
import { defineJob } from '../engine/job/define-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import { SEVERITIES } from '../engine/ports/events.ts';
import { contactsOf, type Telling, transitionsOf } from './alert-state.ts';
import { apply, type Noted, openAlerts, toldInHour } from './alert-store.ts';
import { type DeliveryInput, deliveryType } from './deliver-alert.ts';
import { readFacts } from './facts.ts';
import { CHECK_HEALTH } from './kinds.ts';
import { keep, remember } from './memory.ts';
import { findingsOf, type Thresholds } from './rules.ts';

export interface Checking {
  thresholds: Thresholds;
  telling: Telling;
  /** Names of sinks, by level. */
  escalation: readonly (readonly string[])[];
}

/** Before nearly everything else: who waits in a line cannot tell how long it is. */
export const FIRST = -1_000;

/** The check and all that follows from it is one transaction. People are told by jobs of their own. */
export function checkHealth(database: Database, checking: Checking): JobType {
  return defineJob({
    type: CHECK_HEALTH,
    description: 'Looks whether jobs, queues and workers are as they should be, and raises alerts.',
    input: z.object({}),
    schedule: { cron: '*/5 * * * *', overlap: 'skip' },
    retry: { attempts: 3, delayMs: 5_000 },
    priority: FIRST,
    timeoutMs: 120_000,
    run: (ctx) => check(ctx, database.backend, checking),
  });
}

async function check(
  ctx: Context,
  backend: Database['backend'],
  { thresholds, telling, escalation }: Checking,
): Promise<object> {
  const memory = await remember(ctx.db);
  const { now } = memory;
  const facts = await readFacts(ctx.db, backend, memory);
  const transitions = transitionsOf(findingsOf(facts, thresholds), await openAlerts(ctx.db), {
    ...telling,
    now,
    toldInHour: await toldInHour(ctx.db),
  });
  const noted = await apply(ctx.db, transitions, now);
  await keep(ctx.db, memory);
  const deliveries = noted.flatMap((one) => deliveriesOf(one, escalation, now));
  if (deliveries.length > 0) await ctx.enqueueMany(deliveries);
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

function deliveriesOf(
  { transition, alertId, noticeId }: Noted,
  escalation: Checking['escalation'],
  now: Date,
): { type: string; input: DeliveryInput }[] {
  const { finding, notice, level, firedAt } = transition;
  if (notice === null) return [];
  const { kind, subject, summary, facts } = finding;
  const said = {
    alert: alertId,
    notice,
    kind,
    subject,
    severity: SEVERITIES[level] ?? 'critical',
    summary: notice === 'resolved' ? `Over: ${summary}` : summary,
    facts,
    firedAt: firedAt.toISOString(),
    at: now.toISOString(),
  };
  return contactsOf(transition, escalation).map((sink) => ({
    type: deliveryType(sink),
    input: { id: noticeId, notice: said },
  }));
}
