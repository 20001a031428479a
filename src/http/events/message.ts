import type { AuditEntry } from '../../engine/audit/entry.ts';

/** A message of an event stream. `id` is a position up to which everything has been sent. */
export function message(name: string, id: number, data: object): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Keeps a quiet connection open and advances its position. */
export function heartbeat(id: number): string {
  return `: still here\nid: ${id}\n\n`;
}

/** A change. Its id never exceeds `finalId`, because rows after that may still become visible. */
export function changeMessage(row: AuditEntry, finalId: number): string {
  return message('change', Math.min(row.id, finalId), row);
}
