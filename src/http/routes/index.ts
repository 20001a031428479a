import type { Route } from '../route.ts';
import { accessRoutes } from './access.ts';
import { alertRoutes } from './alerts.ts';
import { auditRoutes } from './audit.ts';
import { bulkRoutes } from './bulk.ts';
import { docsRoutes } from './docs.ts';
import { effectRoutes } from './effects.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { jobRoutes } from './jobs.ts';
import { queueRoutes } from './queues.ts';
import { scheduleRoutes } from './schedules.ts';
import { sourceRoutes } from './source.ts';
import { statsRoutes } from './stats.ts';
import { systemRoutes } from './system.ts';
import { typeRoutes } from './types.ts';

/** All routes. If several paths match, the first wins. */
export const routes: readonly Route[] = [
  ...sourceRoutes,
  ...bulkRoutes,
  ...jobRoutes,
  ...typeRoutes,
  ...queueRoutes,
  ...scheduleRoutes,
  ...alertRoutes,
  ...auditRoutes,
  ...statsRoutes,
  ...effectRoutes,
  ...fileRoutes,
  ...systemRoutes,
  ...accessRoutes,
  ...eventRoutes,
  ...docsRoutes,
];
