/** The job that checks. It cannot report its own absence. */
export const CHECK_HEALTH = 'humdrum.check-health';

/** The kinds of alerts: see docs/guides/alerts.md. */
export const KINDS = [
  'never-ran',
  'late',
  'failing',
  'failure-rate',
  'slow',
  'overrun',
  'queue-age',
  'stuck-leases',
  'dead-workers',
  'blocked-worker',
  'old-transaction',
  'dead-rows',
] as const;
export type Kind = (typeof KINDS)[number];

/** `open`: nobody has acknowledged it yet. */
export const ALERT_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];
