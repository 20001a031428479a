import { Argument, Command } from 'commander';
import type { z } from 'zod';
import {
  addUser,
  disableUser,
  enableUser,
  listUsers,
  setUserPassword,
  setUserRole,
} from '../../http/contract/access.ts';
import { ROLES, type Role } from '../../http/contract/role.ts';
import type { Client } from '../../http/client.ts';
import { jsonOption, reasonOption, roleOption, type AccessFlags } from '../access.ts';
import { print, printJson, second, table } from '../output.ts';
import { readNewPassword } from '../password.ts';
import { withClient } from '../session.ts';

type Account = z.output<typeof addUser.answer>;

export function usersCommand(): Command {
  const users = new Command('users').description('accounts, with which people log in');
  users.addCommand(addCommand());
  users.addCommand(listCommand());
  users.addCommand(roleCommand());
  users.addCommand(passwordCommand());
  users.addCommand(disableCommand());
  users.addCommand(enableCommand());
  return users;
}

interface AddFlags extends AccessFlags {
  role: Role;
}

function addCommand(): Command {
  return ofUser('add', 'make an account; the password is asked for, or read from standard input')
    .addOption(roleOption())
    .action(async (name: string, flags: AddFlags, command: Command) => {
      const password = await readNewPassword();
      const { role, reason } = flags;
      await tell(command, flags, (client) =>
        client.call(addUser, { body: { name, role, password, reason } }),
      );
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('all accounts')
    .addOption(jsonOption())
    .action(async (flags: { json?: true }, command: Command) => {
      const answer = await withClient(command, (client) => client.call(listUsers));
      if (flags.json) return printJson(answer);
      const rows = answer.users.map((user) => [
        user.name,
        user.role,
        user.issuer ?? 'password',
        second(user.createdAt),
        user.disabledAt ? `no, since ${second(user.disabledAt)}` : 'yes',
      ]);
      const head = ['name', 'role', 'comes in by', 'created (UTC)', 'may come in'];
      print(table(head, rows, 'There is no account.'));
    });
}

function roleCommand(): Command {
  return ofUser('role', 'give an account another role; its sessions end')
    .addArgument(new Argument('<role>', 'what it may from now on').choices(ROLES))
    .action(async (name: string, role: Role, flags: AccessFlags, command: Command) =>
      tell(command, flags, (client) =>
        client.call(setUserRole, { params: { name }, body: { role, reason: flags.reason } }),
      ),
    );
}

function passwordCommand(): Command {
  return ofUser('password', 'give an account another password; its sessions end').action(
    async (name: string, flags: AccessFlags, command: Command) => {
      const password = await readNewPassword();
      const body = { password, reason: flags.reason };
      await tell(command, flags, (client) =>
        client.call(setUserPassword, { params: { name }, body }),
      );
    },
  );
}

function disableCommand(): Command {
  return ofUser('disable', 'let nobody in by an account any more; its sessions end').action(
    async (name: string, { reason, ...flags }: AccessFlags, command: Command) =>
      tell(command, flags, (client) =>
        client.call(disableUser, { params: { name }, body: { reason } }),
      ),
  );
}

function enableCommand(): Command {
  return ofUser('enable', 'let an account in again').action(
    async (name: string, { reason, ...flags }: AccessFlags, command: Command) =>
      tell(command, flags, (client) =>
        client.call(enableUser, { params: { name }, body: { reason } }),
      ),
  );
}

function ofUser(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<name>', 'of the account')
    .addOption(reasonOption())
    .addOption(jsonOption());
}

async function tell(
  command: Command,
  { json }: AccessFlags,
  act: (client: Client) => Promise<Account>,
): Promise<void> {
  const account = await withClient(command, act);
  if (json) return printJson(account);
  const { name, role, disabledAt } = account;
  print(disabledAt ? `${name} may not come in.` : `${name} may come in, as ${role}.`);
}
