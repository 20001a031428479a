/** SQLSTATE classes 22 and 23, and values that have no form in SQL: data that no further try will make storable. */
export function isBadData(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^2[23]...$/.test(error.code)
  );
}
