import type { Database, Queryable } from '../database/database.ts';
import { clamp } from '../engine/base/clamp.ts';
import { type NoticeName, SEVERITIES, type Severity } from '../engine/ports/events.ts';
import { HumdrumError } from '../errors.ts';
import type { Delivery } from './breaker.ts';
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
  /** When it was found the last time. */
  seenAt: Date;
  notifiedAt: Date | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  reason: string | null;
  resolvedAt: Date | null;
}

export interface AlertDetail extends Alert {
  notices: { id: number; notice: NoticeName; severity: Severity; at: Date }[];
  /** The latest 1,000 attempts to tell somebody, the oldest first. */
  deliveries: (Pick<Delivery, 'sink' | 'outcome' | 'error' | 'durationMs' | 'jobId' | 'attempt'> & {
    noticeId: number;
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

/** A page, the newest first. `next`: what to give as `before`. Null: there is none. */
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

/** Errors: `alert-not-found`. */
export async function showAlert(db: Queryable, id: number): Promise<AlertDetail> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from humdrum.alert where id = $1`, [id]);
  const [row] = rows;
  if (!row) throw unknown(id);
  const notices = await db.query<{ id: number; notice: NoticeName; level: number; at: Date }>(
    'select id, notice, level, at from humdrum.alert_notice where alert_id = $1 order by id limit 1000',
    [id],
  );
  const deliveries = await db.query<AlertDetail['deliveries'][number]>(
    `select * from (
       select id, notice_id as "noticeId", sink, at, outcome, error, duration_ms as "durationMs", job_id as "jobId", attempt
       from humdrum.alert_delivery where alert_id = $1 order by id desc limit 1000
     ) as latest order by id`,
    [id],
  );
  return {
    ...alertOf(row),
    notices: notices.rows.map(({ level, ...notice }) => ({ ...notice, ...severityOf(level) })),
    deliveries: deliveries.rows,
  };
}

/** Somebody looks after it: it is not told again, until it is over. Errors: `alert-not-found`, `action-refused`. */
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
  return new HumdrumError('alert-not-found', `There is no alert ${id}. See: humdrum alerts list`);
}

const severityOf = (level: number): { severity: Severity } => ({
  severity: SEVERITIES[level] ?? 'critical',
});

function alertOf({ level, ...row }: Row): Alert {
  return { ...row, ...severityOf(level) };
}
