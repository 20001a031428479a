import type { Cost } from '../../src/access/password-cost.ts';

/** Takes the place of the real cost in tests that log in within their own process: see vitest.config.ts. */
export const PASSWORD_COST: Cost = { ln: 8, r: 8, p: 1 };
