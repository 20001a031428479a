import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import type { By } from '../access/record.ts';
import { ROLES } from '../access/role.ts';
import type { Database } from '../database/database.ts';
import { withHumdrum } from './session.ts';

export interface ReasonFlag {
  reason?: string;
}

/** For a command about keys or users: the database, and who does it and why. */
export async function withAccess<T>(
  command: Command,
  { reason }: ReasonFlag,
  act: (db: Database, by: By) => Promise<T>,
): Promise<T> {
  const by = { actor: `cli:${userInfo().username}`, reason };
  return withHumdrum(command, ({ database }) => act(database, by));
}

export function roleOption(): Option {
  return new Option('--role <role>', 'what it may').choices(ROLES).makeOptionMandatory();
}

export function reasonOption(): Option {
  return new Option('--reason <text>', 'why: it stands in the audit');
}

export function jsonOption(): Option {
  return new Option('--json', 'for programs');
}
