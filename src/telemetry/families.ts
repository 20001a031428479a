import { OF_THE_DATABASE } from './database-families.ts';
import type { Family } from './family.ts';
import { OF_THIS_MOMENT, OF_THIS_PROCESS } from './process-families.ts';

/** All exported metrics. Names are part of the public contract: add, never rename. */
export const FAMILIES: readonly Family[] = [
  ...OF_THIS_PROCESS,
  ...OF_THIS_MOMENT,
  ...OF_THE_DATABASE,
];
