import type { Route } from '../route.ts';
import { accessRoutes } from './access.ts';
import { jobRoutes } from './jobs.ts';
import { sourceRoutes } from './source.ts';

/** All that the API does. Of two whose paths fit, the first is taken. */
export const routes: readonly Route[] = [...sourceRoutes, ...jobRoutes, ...accessRoutes];
