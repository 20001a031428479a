/** The job that looks. Whether it has run it cannot tell late: it runs. */
export const CHECK_HEALTH = 'humdrum.check-health';

/** What can be wrong: see docs/guides/alerts.md. */
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
  'old-transaction',
  'dead-rows',
] as const;
export type Kind = (typeof KINDS)[number];

/** What an alert is at: nobody looks after it, somebody does, it is over. */
export const ALERT_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];
