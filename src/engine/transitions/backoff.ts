import { seededRandom } from '../base/random.ts';
import type { RetryPolicy } from '../job/job-type.ts';

/** The wait after failed attempt `attempt` (from 1), in whole milliseconds: drawn from [0, bound), seeded. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, seed: string): number {
  const growth = { fixed: 1, linear: attempt, exponential: 2 ** (attempt - 1) }[policy.backoff];
  const boundMs = Math.min(policy.delayMs * growth, policy.maxDelayMs);
  return Math.floor(seededRandom(`${seed}/retry/${attempt}`)() * boundMs);
}
