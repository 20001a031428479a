import { hashAtCost, type Cost } from '../../src/access/password.ts';

/** Of any cost they prove the same, but to the test that asks for the real one. */
export const CHEAP: Cost = { ln: 8, r: 8, p: 1 };

hashAtCost(CHEAP);
