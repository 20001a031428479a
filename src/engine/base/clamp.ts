/** The nearest whole number within the bounds: for page sizes that callers choose. */
export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.trunc(value), least), most);
}
