/** The only place that spells the statuses, says what follows what, and who may do what. Pure. */

export const STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

export const ACTIONS = ['retry', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

const FOLLOWS: Record<Status, readonly Status[]> = {
  queued: ['running', 'cancelled'],
  running: ['completed', 'failed', 'queued'], // queued: given back unstarted at a shutdown, at no cost of an attempt
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

/** What the audit log records of a job, and the status that each event leaves it in. Null: it stays as it is. */
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
  configured: null, // Of no job: a limit was changed.
  skipped: null, // Of no job: a tick made none.
  dropped: null, // Of no job: old history was.
  granted: null, // Of no job: a key, an account, a role or a password was given to somebody.
  revoked: null, // Of no job: a key, an account or a session was taken from somebody.
  admitted: null, // Of no job: somebody has logged in.
  acknowledged: null, // Of no job: somebody looks after an alert.
} as const satisfies Record<string, Status | null>;
export type AuditEventName = keyof typeof EVENTS;

/** The status that a job's audit events, in order, tell. Throws where they contradict the lifecycle. */
export function replayStatus(events: readonly AuditEventName[]): Status {
  let status: Status | null = null;
  for (const event of events) {
    const next: Status | null = EVENTS[event];
    if (next === null) continue;
    const fits: boolean = status === null ? event === 'created' : canBecome(status, next);
    if (!fits)
      throw new Error(
        `The audit log says "${event}" of a job that was ${status ?? 'not created'}.`,
      );
    status = next;
  }
  if (status === null) throw new Error('The audit log holds no event that gives a status.');
  return status;
}
