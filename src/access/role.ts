/** Who may do what. Each may do what those before it may, and more. */
export const ROLES = ['viewer', 'operator', 'moderator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
