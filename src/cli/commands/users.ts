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
  const users = new Command('users').description('manage user accounts');
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
  return ofUser('add', 'create an account; prompts for a password, or reads it from standard input')
    .addOption(roleOption())
    .action(async (name: string, flags: AddFlags, command: Command) => {
      const password = await readNewPassword();
      const { role, reason } = flags;
      await changeAccount(
        command,
        flags,
        (client) => client.call(addUser, { body: { name, role, password, reason } }),
        ({ name: added, role: given }) => `${added} can log in as ${given}.`,
      );
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list all accounts')
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
      const head = ['name', 'role', 'login', 'created (UTC)', 'enabled'];
      print(table(head, rows, 'No accounts.'));
    });
}

function roleCommand(): Command {
  return ofUser('role', 'change the role of an account and end its sessions')
    .addArgument(new Argument('<role>', 'the new role').choices(ROLES))
    .action(async (name: string, role: Role, flags: AccessFlags, command: Command) =>
      changeAccount(
        command,
        flags,
        (client) =>
          client.call(setUserRole, { params: { name }, body: { role, reason: flags.reason } }),
        (account) => `The role of ${account.name} is now ${account.role}. ${sessionsOf(account)}`,
      ),
    );
}

function passwordCommand(): Command {
  return ofUser('password', 'set a new password for an account and end its sessions').action(
    async (name: string, flags: AccessFlags, command: Command) => {
      const password = await readNewPassword();
      const body = { password, reason: flags.reason };
      await changeAccount(
        command,
        flags,
        (client) => client.call(setUserPassword, { params: { name }, body }),
        (account) => `The password of ${account.name} is changed. ${sessionsOf(account)}`,
      );
    },
  );
}

function disableCommand(): Command {
  return ofUser('disable', 'disable an account and end its sessions').action(
    async (name: string, { reason, ...flags }: AccessFlags, command: Command) =>
      changeAccount(
        command,
        flags,
        (client) => client.call(disableUser, { params: { name }, body: { reason } }),
        ({ name: disabled }) => `${disabled} is disabled. Its sessions have ended.`,
      ),
  );
}

function enableCommand(): Command {
  return ofUser('enable', 'enable an account').action(
    async (name: string, { reason, ...flags }: AccessFlags, command: Command) =>
      changeAccount(
        command,
        flags,
        (client) => client.call(enableUser, { params: { name }, body: { reason } }),
        ({ name: enabled, role }) => `${enabled} is enabled and can log in as ${role}.`,
      ),
  );
}

function ofUser(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<name>', 'name of the account')
    .addOption(reasonOption())
    .addOption(jsonOption());
}

async function changeAccount(
  command: Command,
  { json }: AccessFlags,
  act: (client: Client) => Promise<Account>,
  says: (account: Account) => string,
): Promise<void> {
  const account = await withClient(command, act);
  if (json) return printJson(account);
  print(says(account));
}

const sessionsOf = ({ disabledAt }: Account): string =>
  disabledAt ? 'The account is still disabled.' : 'Its sessions have ended.';
