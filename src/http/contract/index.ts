import { accessEndpoints } from './access.ts';
import { alertEndpoints } from './alerts.ts';
import { auditEndpoints } from './audit.ts';
import { bulkEndpoints } from './bulk.ts';
import { docsEndpoints } from './docs.ts';
import { effectEndpoints } from './effects.ts';
import type { Endpoint } from './endpoint.ts';
import { eventEndpoints } from './events.ts';
import { fileEndpoints } from './files.ts';
import { jobEndpoints } from './jobs.ts';
import { queueEndpoints } from './queues.ts';
import { scheduleEndpoints } from './schedules.ts';
import { sourceEndpoints } from './source.ts';
import { statsEndpoints } from './stats.ts';
import { systemEndpoints } from './system.ts';
import { typeEndpoints } from './types.ts';

/** All operations of the API. The documentation and clients are generated from this list. */
export const endpoints: readonly Endpoint[] = [
  ...sourceEndpoints,
  ...bulkEndpoints,
  ...jobEndpoints,
  ...typeEndpoints,
  ...queueEndpoints,
  ...scheduleEndpoints,
  ...alertEndpoints,
  ...auditEndpoints,
  ...statsEndpoints,
  ...effectEndpoints,
  ...fileEndpoints,
  ...systemEndpoints,
  ...accessEndpoints,
  ...eventEndpoints,
  ...docsEndpoints,
];
