import { seededRandom } from '../base/random.ts';
import type { RetryPolicy } from '../job/job-type.ts';

/** How much longer than `delayMs` a fixed wait may be: enough that jobs that failed together do not return together. */
const FIXED_SPREAD = 0.1;

/**
 * The wait after failed attempt `attempt` (from 1), in whole milliseconds. Drawn from [0, bound), seeded; for `fixed`, from
 * [delayMs, 1.1 × delayMs).
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, seed: string): number {
  const growth = { fixed: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[policy.backoff];
  const boundMs = Math.min(policy.delayMs * growth, policy.maxDelayMs);
  const share = seededRandom(`${seed}/retry/${attempt}`)();
  return Math.floor(boundMs * (policy.backoff === 'fixed' ? 1 + FIXED_SPREAD * share : share));
}
