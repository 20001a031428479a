import type { NoticeName } from '../engine/ports/events.ts';
import type { Finding } from './rules.ts';

/** An alert that is open. */
export interface OpenAlert extends Finding {
  id: number;
  firedAt: Date;
  /** Since when it has its level. */
  levelAt: Date;
  /** When its last notice was raised. Null: none was yet. */
  notifiedAt: Date | null;
  isAcknowledged: boolean;
}

/** When notices are raised. Times in milliseconds. */
export interface NoticePolicy {
  /** How often the notice of an alert that nobody acknowledges is repeated. */
  repeatMs: number;
  /** After how long such an alert reaches the next level. Null: only when it gets worse. */
  escalateMs: number | null;
  /** The highest level that time alone leads to: above it there are no more channels. */
  topLevel: number;
  /** Rate limit for notices of one kind and subject. Resolutions do not count. */
  mostAnHour: number;
}

/** What a check does to one alert. */
export interface Transition {
  change: 'opened' | 'kept' | 'resolved';
  /** Null for one that is opened. */
  id: number | null;
  finding: Finding;
  level: number;
  /** The level of its last notice; -1 if there was none. */
  notifiedLevel: number;
  /** The notice that it raises. Null: none. */
  notice: NoticeName | null;
  firedAt: Date;
}

/** Compares what is found now with what was open. All decisions about notices are made here. */
export function transitionsOf(
  findings: readonly Finding[],
  open: readonly OpenAlert[],
  by: NoticePolicy & {
    now: Date;
    /** The number of notices in the last hour. */
    noticesInHour: (finding: Pick<Finding, 'kind' | 'subject'>) => number;
  },
): Transition[] {
  const found = new Map(findings.map((finding) => [keyOf(finding), finding]));
  const known = new Set(open.map(keyOf));
  const mayNotify = (finding: Finding): boolean => by.noticesInHour(finding) < by.mostAnHour;
  return [
    ...open.map((alert): Transition => {
      const finding = found.get(keyOf(alert));
      return finding ? kept(alert, finding, by, mayNotify(alert)) : resolved(alert);
    }),
    ...[...found.values()]
      .filter((finding) => !known.has(keyOf(finding)))
      .map((finding): Transition => opened(finding, by.now, mayNotify(finding))),
  ];
}

export const keyOf = ({ kind, subject }: Pick<Finding, 'kind' | 'subject'>): string =>
  `${kind} ${subject}`;

function opened(finding: Finding, now: Date, mayNotify: boolean): Transition {
  return {
    change: 'opened',
    id: null,
    finding,
    level: finding.level,
    notifiedLevel: -1,
    notice: mayNotify ? 'fired' : null,
    firedAt: now,
  };
}

function kept(
  alert: OpenAlert,
  finding: Finding,
  by: NoticePolicy & { now: Date },
  mayNotify: boolean,
): Transition {
  const { id, firedAt, notifiedAt } = alert;
  const wanted = Math.max(alert.level, finding.level, agedLevel(alert, by));
  const notice = mayNotify ? noticeFor(alert, wanted, by) : null;
  // Over the rate limit the level stays as it is, so that the notice of the new level comes later rather than never.
  const level = notice === null && !alert.isAcknowledged ? alert.level : wanted;
  const notifiedLevel = notifiedAt ? alert.level : -1;
  return { change: 'kept', id, finding, level, notifiedLevel, notice, firedAt };
}

/** Time raises the level too, until somebody acknowledges the alert. */
function agedLevel(
  { level, levelAt, isAcknowledged }: OpenAlert,
  { now, escalateMs, topLevel }: NoticePolicy & { now: Date },
): number {
  if (isAcknowledged || escalateMs === null || level >= topLevel) return level;
  return now.getTime() - levelAt.getTime() >= escalateMs ? level + 1 : level;
}

function noticeFor(
  { notifiedAt, level, isAcknowledged }: OpenAlert,
  wanted: number,
  { now, repeatMs }: NoticePolicy & { now: Date },
): NoticeName | null {
  if (isAcknowledged) return null;
  if (!notifiedAt) return 'fired';
  if (wanted > level) return 'escalated';
  return now.getTime() - notifiedAt.getTime() >= repeatMs ? 'repeated' : null;
}

/** An alert that raised a notice raises one when it is resolved. */
function resolved(alert: OpenAlert): Transition {
  const { id, level, firedAt, notifiedAt } = alert;
  const notice = notifiedAt ? 'resolved' : null;
  return { change: 'resolved', id, finding: alert, level, notifiedLevel: -1, notice, firedAt };
}

/** The channels that a notice goes to. `escalation`: by level, the last entry for all levels above. */
export function contactsOf(
  { notice, level, notifiedLevel }: Pick<Transition, 'notice' | 'level' | 'notifiedLevel'>,
  escalation: readonly (readonly string[])[],
): string[] {
  const last = escalation.length - 1;
  const at = (one: number): number => Math.min(one, last);
  const from = notice === 'repeated' ? at(level) : at(notifiedLevel) + 1;
  const first = notice === 'escalated' ? Math.min(from, at(level)) : from;
  return [...new Set(escalation.slice(Math.max(0, first), at(level) + 1).flat())];
}
