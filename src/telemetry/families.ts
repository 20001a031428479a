import { OF_THE_DATABASE } from './database-families.ts';
import type { Family } from './family.ts';
import { OF_THIS_MOMENT, OF_THIS_PROCESS } from './process-families.ts';

/** Everything that is exported. Names are a part of the public contract: add, never rename. */
export const FAMILIES: readonly Family[] = [
  ...OF_THIS_PROCESS,
  ...OF_THIS_MOMENT,
  ...OF_THE_DATABASE,
];
