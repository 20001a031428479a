import type { AuditEntry } from '../../engine/audit/entry.ts';

/** A message of an event stream. `id`: up to here everything has been sent. */
export function message(name: string, id: number, data: object): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Keeps a quiet connection open, and moves its place. */
export function heartbeat(id: number): string {
  return `: still here\nid: ${id}\n\n`;
}

/** A change, and how far everything has been sent with it. */
export function changeMessage(row: AuditEntry, finalId: number): string {
  return message('change', Math.min(row.id, finalId), row);
}
