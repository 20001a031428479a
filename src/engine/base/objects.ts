/** An object with fields: no list, map, date or function. */
export function isObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** An object that has all its fields itself, and inherits none from another or a class. */
export function isPlainObject(value: unknown): value is object {
  if (!isObject(value)) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === null || Object.getPrototypeOf(parent) === null;
}
