/**
 * Parameters in PostgreSQL's text format, which the server converts to the types that the statement casts them to. Drivers and
 * ORMs convert arrays, numbers and JSON in different ways, but all of them pass strings and nulls unchanged.
 */
export function textOf(params: readonly unknown[]): (string | null)[] {
  return params.map((value) => (value === null || value === undefined ? null : text(value)));
}

function text(value: unknown): string {
  return Array.isArray(value) ? `{${value.map(elementText).join()}}` : scalarText(value);
}

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return `"${scalarText(value).replace(/["\\]/g, '\\$&')}"`;
}

/** SQL writes numbers and booleans as JSON does. */
function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
