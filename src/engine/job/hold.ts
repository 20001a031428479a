/** Since when a database is held, by whom and why. While it is, no job is claimed and no schedule fires. */
export interface Hold {
  at: Date;
  actor: string;
  reason: string;
}

/** `since 2026-03-01T10:00:00.000Z by cli:ada: a restored copy`. */
export function describeHold({ at, actor, reason }: Hold): string {
  return `since ${at.toISOString()} by ${actor}: ${reason}`;
}
