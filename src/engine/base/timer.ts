/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** As `setTimeout`, for any time. Infinity: never. */
export function callAfter(ms: number, work: () => void): NodeJS.Timeout | undefined {
  return ms === Infinity ? undefined : setTimeout(work, Math.min(ms, LONGEST_TIMER_MS));
}
