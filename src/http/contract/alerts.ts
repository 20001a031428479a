import { z } from 'zod';
import { NOTICES, SEVERITIES } from '../../engine/ports/events.ts';
import { ALERT_STATES, KINDS } from '../../health/kinds.ts';
import { endpoint } from './endpoint.ts';
import { id, idText, instant, json, reason, several, text, whole } from './values.ts';

const tag = 'Alerts';

const severity = z.enum(SEVERITIES).meta({ id: 'Severity' });
const state = z.enum(ALERT_STATES).meta({ id: 'AlertState' });
const kind = z.enum(KINDS).meta({ id: 'AlertKind' });

const alert = z
  .object({
    id,
    kind,
    subject: z.string().meta({ description: 'The job type, queue:NAME, workers or database' }),
    state,
    severity,
    summary: z.string(),
    facts: z.record(z.string(), json),
    firedAt: instant,
    seenAt: instant.meta({ description: 'When the problem was last detected' }),
    notifiedAt: instant.nullable().meta({ description: 'When the last notification was sent' }),
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'The reason given for the acknowledgement' }),
    resolvedAt: instant.nullable(),
  })
  .meta({ id: 'Alert' });

export const listAlerts = endpoint({
  name: 'listAlerts',
  method: 'GET',
  path: '/alerts',
  tag,
  summary: 'List alerts, newest first',
  role: 'viewer',
  query: z.strictObject({
    state: several(state).optional().meta({ description: 'Default: all' }),
    kind: kind.optional(),
    subject: text(200).optional(),
    limit: whole(1, 1_000).optional(),
    before: idText.optional().meta({ description: '`next` of the previous page' }),
  }),
  answer: z.object({ alerts: z.array(alert), next: id.nullable() }),
});

export const showAlert = endpoint({
  name: 'showAlert',
  method: 'GET',
  path: '/alerts/{id}',
  tag,
  summary: 'Show an alert with its notifications and their deliveries',
  role: 'viewer',
  params: z.strictObject({ id: idText }),
  answer: alert
    .extend({
      notices: z.array(z.object({ id, notice: z.enum(NOTICES), severity, at: instant })),
      deliveries: z.array(
        z.object({
          noticeId: id,
          sink: z.string(),
          outcome: z.enum(['sent', 'failed', 'held', 'superseded']).meta({
            description:
              'held: the sink had failed too often. superseded: the alert was resolved before it was sent',
          }),
          error: z.string().nullable(),
          durationMs: z.number(),
          jobId: id,
          attempt: z.int(),
          at: instant,
        }),
      ),
    })
    .meta({ id: 'AlertDetail' }),
  refuses: ['alert-not-found'],
});

export const acknowledgeAlert = endpoint({
  name: 'acknowledgeAlert',
  method: 'POST',
  path: '/alerts/{id}/acknowledge',
  tag,
  summary: 'Acknowledge an alert: no more notifications until it is resolved',
  role: 'operator',
  params: z.strictObject({ id: idText }),
  body: z.strictObject({ reason }),
  answer: alert,
  refuses: ['alert-not-found', 'action-refused', 'dry-run'],
});

export const testAlerts = endpoint({
  name: 'testAlerts',
  method: 'POST',
  path: '/alerts/test',
  tag,
  summary: 'Send a test notification through every sink and report the results',
  description: 'Runs as a job in this process. A sink that accepts it is no longer held.',
  role: 'operator',
  answer: z.object({
    job: id,
    sinks: z.array(
      z
        .object({
          sink: z.string(),
          outcome: z.enum(['sent', 'failed']),
          error: z.string().nullable(),
          durationMs: z.number(),
        })
        .meta({ id: 'SinkReport' }),
    ),
  }),
  refuses: ['alerts-missing', 'dry-run', 'action-refused'],
});

export const alertEndpoints = [testAlerts, listAlerts, showAlert, acknowledgeAlert];
