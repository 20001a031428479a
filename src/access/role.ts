/** In ascending order: each role includes the permissions of those before it. */
export const ROLES = ['viewer', 'operator', 'moderator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
