import type { NoticeName } from '../engine/ports/events.ts';
import type { Finding } from './rules.ts';

/** An alert that is open. */
export interface OpenAlert extends Finding {
  id: number;
  firedAt: Date;
  /** It has its level since. */
  levelAt: Date;
  /** Null: nobody has been told yet. */
  notifiedAt: Date | null;
  isAcknowledged: boolean;
}

/** How people are told. Times in milliseconds. */
export interface Telling {
  /** An alert that nobody acknowledges is told again so often. */
  repeatMs: number;
  /** And has the next level after so long. Null: by what is found alone. */
  escalateMs: number | null;
  /** Beyond this level there is nobody more to tell. */
  topLevel: number;
  /** Of one kind and subject people are told so often in an hour. What is resolved is told on top of that. */
  mostAnHour: number;
}

/** What becomes of an alert by a check. */
export interface Transition {
  change: 'opened' | 'kept' | 'resolved';
  /** Null: it is opened. */
  id: number | null;
  finding: Finding;
  /** The level that it has now, and had before; -1 before it was there, or where nobody was told. */
  level: number;
  toldLevel: number;
  /** What people are told. Null: nothing. */
  notice: NoticeName | null;
  firedAt: Date;
}

/** What is found now, held against what was open: by this alone it is decided who is told what. */
export function transitionsOf(
  findings: readonly Finding[],
  open: readonly OpenAlert[],
  by: Telling & {
    now: Date;
    /** How often people were told in the last hour. */
    toldInHour: (finding: Pick<Finding, 'kind' | 'subject'>) => number;
  },
): Transition[] {
  const found = new Map(findings.map((finding) => [keyOf(finding), finding]));
  const known = new Set(open.map(keyOf));
  const mayTell = (finding: Finding): boolean => by.toldInHour(finding) < by.mostAnHour;
  return [
    ...open.map((alert): Transition => {
      const finding = found.get(keyOf(alert));
      return finding ? kept(alert, finding, by, mayTell(alert)) : resolved(alert);
    }),
    ...[...found.values()]
      .filter((finding) => !known.has(keyOf(finding)))
      .map((finding): Transition => opened(finding, by.now, mayTell(finding))),
  ];
}

export const keyOf = ({ kind, subject }: Pick<Finding, 'kind' | 'subject'>): string =>
  `${kind} ${subject}`;

function opened(finding: Finding, now: Date, mayTell: boolean): Transition {
  return {
    change: 'opened',
    id: null,
    finding,
    level: finding.level,
    toldLevel: -1,
    notice: mayTell ? 'fired' : null,
    firedAt: now,
  };
}

function kept(
  alert: OpenAlert,
  finding: Finding,
  by: Telling & { now: Date },
  mayTell: boolean,
): Transition {
  const { id, firedAt, notifiedAt } = alert;
  const wanted = Math.max(alert.level, finding.level, agedLevel(alert, by));
  const notice = mayTell ? noticeFor(alert, wanted, by) : null;
  // Who was not told of a level now is told of it when there is room: so it is not reached before.
  const level = notice === null && !alert.isAcknowledged ? alert.level : wanted;
  const toldLevel = notifiedAt ? alert.level : -1;
  return { change: 'kept', id, finding, level, toldLevel, notice, firedAt };
}

/** Time alone raises it too, as long as nobody looks after it. */
function agedLevel(
  { level, levelAt, isAcknowledged }: OpenAlert,
  { now, escalateMs, topLevel }: Telling & { now: Date },
): number {
  if (isAcknowledged || escalateMs === null || level >= topLevel) return level;
  return now.getTime() - levelAt.getTime() >= escalateMs ? level + 1 : level;
}

function noticeFor(
  { notifiedAt, level, isAcknowledged }: OpenAlert,
  wanted: number,
  { now, repeatMs }: Telling & { now: Date },
): NoticeName | null {
  if (isAcknowledged) return null;
  if (!notifiedAt) return 'fired';
  if (wanted > level) return 'escalated';
  return now.getTime() - notifiedAt.getTime() >= repeatMs ? 'repeated' : null;
}

/** Whoever was told that it is there is told that it is over. */
function resolved(alert: OpenAlert): Transition {
  const { id, level, firedAt, notifiedAt } = alert;
  const notice = notifiedAt ? 'resolved' : null;
  return { change: 'resolved', id, finding: alert, level, toldLevel: -1, notice, firedAt };
}

/** Names of the sinks that a notice goes to. `escalation`: by level, and the last for all levels above. */
export function contactsOf(
  { notice, level, toldLevel }: Pick<Transition, 'notice' | 'level' | 'toldLevel'>,
  escalation: readonly (readonly string[])[],
): string[] {
  const last = escalation.length - 1;
  const at = (one: number): number => Math.min(one, last);
  const from = notice === 'repeated' ? at(level) : at(toldLevel) + 1;
  const first = notice === 'escalated' ? Math.min(from, at(level)) : from;
  return [...new Set(escalation.slice(Math.max(0, first), at(level) + 1).flat())];
}
