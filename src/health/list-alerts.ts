import type { Database, Queryable } from '../database/database.ts';
import { clamp } from '../engine/base/clamp.ts';
import { type NoticeName, SEVERITIES, type Severity } from '../engine/ports/events.ts';
import { HumdrumError } from '../errors.ts';
import type { DeliveryAttempt } from '../engine/deliveries/record.ts';
import type { AlertState, Kind } from './kinds.ts';

export interface Alert {
  id: number;
  kind: Kind;
  /** The job type, `queue:NAME`, `workers` or `database`. */
  subject: string;
  state: AlertState;
  severity: Severity;
  summary: string;
  facts: Record<string, unknown>;
  firedAt: Date;
  /** When a check last found it. */
  seenAt: Date;
  notifiedAt: Date | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  reason: string | null;
  resolvedAt: Date | null;
}

export interface AlertDetail extends Alert {
  notices: { id: number; notice: NoticeName; severity: Severity; at: Date }[];
  /** The latest 1,000 attempts to deliver its notices, the oldest first. `jobId`: the job that made the attempt. */
  deliveries: (Pick<DeliveryAttempt, 'outcome' | 'error' | 'durationMs' | 'attempt'> & {
    noticeId: number;
    sink: string;
    jobId: number;
    at: Date;
  })[];
}

type Row = Omit<Alert, 'severity'> & { level: number };

const STATE = `case when resolved_at is not null then 'resolved' when acknowledged_at is not null then 'acknowledged' else 'open' end`;
const COLUMNS = `id, kind, subject, ${STATE} as state, level, summary, facts, fired_at as "firedAt", seen_at as "seenAt",
  notified_at as "notifiedAt", acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", reason,
  resolved_at as "resolvedAt"`;

export interface AlertQuery {
  /** Default: all. */
  states?: readonly AlertState[];
  kind?: Kind;
  subject?: string;
  /** 1 to 1,000. Default 100. */
  limit?: number;
  /** `next` of the page before. */
  before?: number;
}

/** A page, the newest first. `next`: the `before` of the next page. Null: this is the last. */
export async function listAlerts(
  db: Queryable,
  { states, kind, subject, limit = 100, before }: AlertQuery = {},
): Promise<{ alerts: Alert[]; next: number | null }> {
  const most = clamp(limit, 1, 1_000);
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from humdrum.alert
     where ($1::text[] is null or ${STATE} = any ($1)) and ($2::text is null or kind = $2)
       and ($3::text is null or subject = $3) and ($4::bigint is null or id < $4)
     order by id desc limit $5`,
    [states ?? null, kind ?? null, subject ?? null, before ?? null, most + 1],
  );
  const alerts = rows.slice(0, most).map(alertOf);
  return { alerts, next: rows.length > most ? (alerts.at(-1)?.id ?? null) : null };
}

// By each of the two indexes: one has what is settled, the other what is not. Superseded notices were attempted by no job: it is
// the check that has resolved them.
const deliveriesOf = (outcomes: string): string => `
select notice.id as "noticeId", split_part(delivery.receiver, '.', 2) as sink, delivered_at as at, outcome, error,
  coalesce(duration_ms, 0) as "durationMs", coalesce(by_job, delivery.job_id) as "jobId", coalesce(attempt, 1) as attempt
from humdrum.alert_notice as notice join humdrum.alert_message as message on message.notice_id = notice.id
join humdrum.delivery on (delivery.job_id, delivery.ordinal, delivery.receiver) = (message.job_id, message.ordinal, message.receiver)
where notice.alert_id = $1 and outcome in (${outcomes})`;

const DELIVERIES = `
select * from (
  select * from (${deliveriesOf(`'sent', 'superseded'`)} union all ${deliveriesOf(`'failed', 'held'`)}) as every
  order by at desc, "jobId" desc, attempt desc limit 1000
) as latest order by at, "jobId", attempt`;

/** Errors: `alert-not-found`. */
export async function showAlert(db: Queryable, id: number): Promise<AlertDetail> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from humdrum.alert where id = $1`, [id]);
  const [row] = rows;
  if (!row) throw unknown(id);
  const notices = await db.query<{ id: number; notice: NoticeName; level: number; at: Date }>(
    'select id, notice, level, at from humdrum.alert_notice where alert_id = $1 order by id limit 1000',
    [id],
  );
  const deliveries = await db.query<AlertDetail['deliveries'][number]>(DELIVERIES, [id]);
  return {
    ...alertOf(row),
    notices: notices.rows.map(({ level, ...notice }) => ({ ...notice, ...severityOf(level) })),
    deliveries: deliveries.rows,
  };
}

/** Takes charge of an alert: its notice is not repeated until it is resolved. Errors: `alert-not-found`, `action-refused`. */
export async function acknowledgeAlert(
  db: Database,
  id: number,
  { actor, reason }: { actor: string; reason: string },
): Promise<Alert> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<Row>(
      `update humdrum.alert set acknowledged_at = humdrum.clock(), acknowledged_by = $2, reason = $3
       where id = $1 and acknowledged_at is null and resolved_at is null returning ${COLUMNS}`,
      [id, actor, reason],
    );
    const [row] = rows;
    if (!row) throw await whyNot(tx, id);
    await tx.query(
      `insert into humdrum.audit (at, event, actor, reason) values (humdrum.clock(), 'acknowledged', $1, $2)`,
      [actor, `alert ${id}, ${row.kind} ${row.subject}: ${reason}`],
    );
    return alertOf(row);
  });
}

async function whyNot(db: Queryable, id: number): Promise<HumdrumError> {
  const { rows } = await db.query<{ by: string | null; over: boolean }>(
    'select acknowledged_by as by, resolved_at is not null as over from humdrum.alert where id = $1',
    [id],
  );
  const [row] = rows;
  if (!row) return unknown(id);
  const why = row.over ? 'is over' : `is acknowledged already, by ${row.by}`;
  return new HumdrumError('action-refused', `Alert ${id} ${why}.`);
}

function unknown(id: number): HumdrumError {
  return new HumdrumError('alert-not-found', `There is no alert ${id}.`);
}

const severityOf = (level: number): { severity: Severity } => ({
  severity: SEVERITIES[level] ?? 'critical',
});

function alertOf({ level, ...row }: Row): Alert {
  return { ...row, ...severityOf(level) };
}
