/**
 * Parameters in the text form that the server reads, by the types that the statement casts them to. Drivers and the libraries
 * above them have ideas of their own about arrays, numbers and JSON; a text or null they all hand on as it is.
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

/** A number or a boolean is written in SQL as it is in JSON. */
function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
