import { Option } from 'commander';
import { ROLES } from '../http/contract/role.ts';

/** What the commands about keys and users have in common. */
export interface AccessFlags {
  reason?: string;
  json?: true;
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
