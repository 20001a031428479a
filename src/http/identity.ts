import type { Role } from './contract/role.ts';

/** Who calls: as the audit names them, and what they may. */
export interface Identity {
  /** `user:ada`, `key:deploy`, `cli:ada` … */
  readonly actor: string;
  readonly role: Role;
  /** Whether a browser sends the credentials by itself, so that another site may make it do so. */
  readonly ambient: boolean;
}

/** Tells who calls. Null: nobody that is known. */
export type Identify = (request: Request) => Promise<Identity | null>;
