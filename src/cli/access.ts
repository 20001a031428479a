import { Option } from 'commander';
import { ROLES } from '../http/contract/role.ts';

/** Flags shared by the commands for keys and users. */
export interface AccessFlags {
  reason?: string;
  json?: true;
}

export function roleOption(): Option {
  return new Option('--role <role>', 'its role').choices(ROLES).makeOptionMandatory();
}

export function reasonOption(): Option {
  return new Option('--reason <text>', 'the reason, recorded in the audit log');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}
