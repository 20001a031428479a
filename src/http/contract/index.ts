import { accessEndpoints } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import { jobEndpoints } from './jobs.ts';
import { sourceEndpoints } from './source.ts';

/** All that the API does: its documentation, its clients, and whoever walks over all of it read this list. */
export const endpoints: readonly Endpoint[] = [
  ...sourceEndpoints,
  ...jobEndpoints,
  ...accessEndpoints,
];
