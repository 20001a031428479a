import { hashAtCost, type Cost } from '../../src/access/password.ts';

/** The cost makes no difference to tests, except to the one that tests the real cost. */
export const CHEAP: Cost = { ln: 8, r: 8, p: 1 };

hashAtCost(CHEAP);
