import { didYouMean, HumdrumError } from '../errors.ts';

/** The parts of the API that a key can be limited to. */
export const AREAS = [
  'jobs',
  'types',
  'queues',
  'schedules',
  'workers',
  'alerts',
  'audit',
  'statistics',
  'effects',
  'files',
  'system',
  'access',
  'changes',
  'docs',
  'metrics',
] as const;
export type Area = (typeof AREAS)[number];
export type Scope = `${Area}:${'read' | 'write'}`;

export const SCOPES: readonly Scope[] = AREAS.flatMap((area): Scope[] => [
  `${area}:read`,
  `${area}:write`,
]);

/** `write` includes `read`. Null scopes cover everything the role allows. */
export function coversScope(scopes: readonly string[] | null, needed: Scope): boolean {
  if (scopes === null || scopes.includes(needed)) return true;
  return scopes.includes(needed.replace(/:read$/, ':write'));
}

/** Validates scopes and returns them sorted, without duplicates. Errors: `input-invalid`. */
export function scopesFrom(given: readonly string[]): Scope[] {
  if (given.length === 0) {
    throw new HumdrumError(
      'input-invalid',
      'A key with no scopes can do nothing. Name at least one, or omit scopes to allow everything its role allows.',
    );
  }
  return [...new Set(given)].map(scopeFrom).toSorted();
}

function scopeFrom(text: string): Scope {
  const known = SCOPES.find((scope) => scope === text);
  if (known !== undefined) return known;
  throw new HumdrumError(
    'input-invalid',
    `There is no scope "${text}".${didYouMean(text, SCOPES)} A scope is one of ${AREAS.join(', ')}, followed by :read or :write.`,
  );
}
