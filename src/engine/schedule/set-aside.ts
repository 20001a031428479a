import type { ScheduledType } from '../job/job-type.ts';

/** The schedules of this process, by name. The table may hold others. */
export type Schedules = ReadonlyMap<string, ScheduledType>;

interface Fault {
  message: string;
  isAside: boolean;
}

/** By the schedules of a process: those that it could not fire. */
const faults = new WeakMap<Schedules, Map<string, Fault>>();

/** Whether this process leaves the schedule to others for now, because it could not fire it. */
export function isSetAside(known: Schedules, name: string): boolean {
  return faults.get(known)?.get(name)?.isAside === true;
}

/** From now on the schedule is left to others. Returns false if this fault of it was known before. */
export function setAside(known: Schedules, name: string, message: string): boolean {
  const own = faults.get(known) ?? new Map<string, Fault>();
  faults.set(known, own);
  const isNew = own.get(name)?.message !== message;
  own.set(name, { message, isAside: true });
  return isNew;
}

/** All schedules are tried again: their rows or the machine may have changed. */
export function tryAgain(known: Schedules): void {
  for (const fault of faults.get(known)?.values() ?? []) fault.isAside = false;
}

/** These were fired, so a fault of theirs would be a new one. */
export function forgetFaults(known: Schedules, names: readonly string[]): void {
  for (const name of names) faults.get(known)?.delete(name);
}
