import { Command } from 'commander';
import type { z } from 'zod';
import { createKey, listKeys, revokeKey } from '../../http/contract/access.ts';
import type { Role } from '../../http/contract/role.ts';
import { jsonOption, reasonOption, roleOption, type AccessFlags } from '../access.ts';
import { toInstant, toList } from '../arguments.ts';
import { print, printJson, say, second, table } from '../output.ts';
import { withClient } from '../session.ts';

type ApiKey = z.output<typeof revokeKey.answer>;

export function keysCommand(): Command {
  const keys = new Command('keys').description('manage API keys');
  keys.addCommand(createCommand());
  keys.addCommand(listCommand());
  keys.addCommand(revokeCommand());
  return keys;
}

interface CreateFlags extends AccessFlags {
  role: Role;
  scope?: string[];
  expiresAt?: Date;
}

function createCommand(): Command {
  return new Command('create')
    .description('create an API key, which is shown only once')
    .argument('<name>', 'name of the key, recorded in the audit log as key:NAME')
    .addOption(roleOption())
    .option(
      '--scope <scope>',
      'limit the key to a scope, such as jobs:read or queues:write; repeatable',
      toList,
    )
    .option('--expires-at <instant>', 'when the key expires (ISO 8601)', toInstant)
    .addOption(reasonOption())
    .addOption(jsonOption())
    .action(async (name: string, flags: CreateFlags, command: Command) => {
      const { role, scope: scopes, expiresAt, reason } = flags;
      const made = await withClient(command, (client) =>
        client.call(createKey, { body: { name, role, scopes, expiresAt, reason } }),
      );
      if (flags.json) return printJson(made);
      say(
        `Created key ${made.key.name} with the role ${role}. Store it now: it is not shown again.`,
      );
      print(made.secret);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list all keys, newest first')
    .addOption(jsonOption())
    .action(async (flags: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listKeys));
      if (flags.json) return printJson(answer);
      const rows = answer.keys.map((key) => [
        key.id,
        key.name,
        key.role,
        key.scopes?.join(' ') ?? 'all',
        second(key.createdAt),
        key.lastUsedAt ? second(key.lastUsedAt) : 'never',
        standing(key),
      ]);
      const head = ['id', 'name', 'role', 'scopes', 'created (UTC)', 'last used', 'valid'];
      print(table(head, rows, 'No keys.'));
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke an API key')
    .argument('<id>', 'id of the key: the part between hd_ and the next _')
    .addOption(reasonOption())
    .addOption(jsonOption())
    .action(async (id: string, { reason, json }: AccessFlags, command: Command) => {
      const key = await withClient(command, (client) =>
        client.call(revokeKey, { params: { id }, body: { reason } }),
      );
      if (json) printJson(key);
      else print(`Revoked key ${key.name} (${id}).`);
    });
}

function standing({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt) return `revoked ${second(revokedAt)}`;
  return expiresAt ? `until ${second(expiresAt)}` : 'yes';
}
