import type { Area, Scope } from '../../access/scope.ts';

export { coversScope, SCOPES, type Area, type Scope } from '../../access/scope.ts';

/** The scope area of each documentation tag. */
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

/** The scope that an endpoint requires: `read` for GET, `write` for all other methods. */
export function scopeOf({ tag, method }: { tag: Tag; method: string }): Scope {
  return `${AREA_OF[tag]}:${method === 'GET' ? 'read' : 'write'}`;
}
