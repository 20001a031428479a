import type { Area, Scope } from '../../access/scope.ts';

export { coversScope, SCOPES, type Area, type Scope } from '../../access/scope.ts';

/** Which area of the API each part of its documentation is. */
const AREA_OF = {
  Executions: 'jobs',
  'Many jobs': 'jobs',
  Jobs: 'jobs',
  'Job types': 'types',
  Queues: 'queues',
  Workers: 'workers',
  Alerts: 'alerts',
  Schedules: 'schedules',
  Audit: 'audit',
  Statistics: 'statistics',
  Effects: 'effects',
  Files: 'files',
  System: 'system',
  Access: 'access',
  Changes: 'changes',
  Documentation: 'docs',
} as const satisfies Record<string, Area>;

export type Tag = keyof typeof AREA_OF;

/** What a key that is limited needs for an endpoint: to read for what only looks, to write for all else. */
export function scopeOf({ tag, method }: { tag: Tag; method: string }): Scope {
  return `${AREA_OF[tag]}:${method === 'GET' ? 'read' : 'write'}`;
}
