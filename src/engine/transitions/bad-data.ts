/** Whether the data is at fault, so that a retry cannot help: SQLSTATE classes 22 and 23, and values that have no SQL form. */
export function isBadData(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^2[23]...$/.test(error.code)
  );
}
