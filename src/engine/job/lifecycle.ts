/** The only place that lists the statuses, the transitions between them and the actions they allow. Pure. */

export const STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

export const ACTIONS = ['retry', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

const FOLLOWS: Record<Status, readonly Status[]> = {
  queued: ['running', 'cancelled'],
  running: ['completed', 'failed', 'queued'], // queued: released, without counting as an attempt
  completed: [],
  failed: ['queued', 'cancelled'],
  cancelled: [],
};

const ALLOWED: Record<Status, readonly Action[]> = {
  queued: ['cancel'],
  running: [],
  completed: [],
  failed: ['retry', 'cancel'],
  cancelled: [],
};

export function canBecome(from: Status, to: Status): boolean {
  return FOLLOWS[from].includes(to);
}

export function allowedActions(status: Status): readonly Action[] {
  return ALLOWED[status];
}

/** The statuses in which an action is allowed. */
export function statusesAllowing(action: Action): Status[] {
  return STATUSES.filter((status) => ALLOWED[status].includes(action));
}

/** The events of the audit log, and the status that each leaves the job in. Null: the status does not change. */
export const EVENTS = {
  created: 'queued',
  started: 'running',
  completed: 'completed',
  failed: 'failed',
  retried: 'queued',
  cancelled: 'cancelled',
  released: 'queued',
  rescued: null,
  fenced: null,
  // The events below belong to no job.
  configured: null, // A limit was changed, or the database was held or no longer held.
  skipped: null, // A tick enqueued no job.
  dropped: null, // A part of the history was dropped.
  granted: null, // A key, an account, a role or a password was granted.
  revoked: null, // A key, an account or a session was revoked.
  admitted: null, // A user logged in.
  acknowledged: null, // A user acknowledged an alert.
} as const satisfies Record<string, Status | null>;
export type AuditEventName = keyof typeof EVENTS;

/** Computes a job's status from its audit events, in order. Throws if they contradict the lifecycle. */
export function replayStatus(events: readonly AuditEventName[]): Status {
  let status: Status | null = null;
  for (const event of events) {
    const next: Status | null = EVENTS[event];
    if (next === null) continue;
    const fits: boolean = status === null ? event === 'created' : canBecome(status, next);
    if (!fits)
      throw new Error(
        `The audit log has "${event}" for a job that was ${status ?? 'not created'}.`,
      );
    status = next;
  }
  if (status === null) throw new Error('The audit log has no event that sets a status.');
  return status;
}
