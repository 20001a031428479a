import { Argument, Command } from 'commander';
import {
  addAccount,
  disableAccount,
  enableAccount,
  listAccounts,
  setPassword,
  setRole,
  type Account,
} from '../../access/account.ts';
import type { By } from '../../access/record.ts';
import { ROLES, type Role } from '../../access/role.ts';
import type { Database } from '../../database/database.ts';
import { jsonOption, reasonOption, roleOption, withAccess, type ReasonFlag } from '../access.ts';
import { print, printJson, second, table } from '../output.ts';
import { readNewPassword } from '../password.ts';

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

interface Flags extends ReasonFlag {
  role: Role;
  json?: true;
}

function addCommand(): Command {
  return ofUser('add', 'make an account; the password is asked for, or read from standard input')
    .addOption(roleOption())
    .action(async (name: string, flags: Flags, command: Command) => {
      const password = await readNewPassword();
      const { role } = flags;
      await tell(command, flags, (db, by) => addAccount(db, { name, role, password }, by));
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('all accounts')
    .addOption(jsonOption())
    .action(async (flags: { json?: true }, command: Command) => {
      const users = await withAccess(command, {}, listAccounts);
      if (flags.json) return printJson(users);
      const rows = users.map((user) => [
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
    .action(async (name: string, role: Role, flags: Flags, command: Command) =>
      tell(command, flags, (db, by) => setRole(db, name, role, by)),
    );
}

function passwordCommand(): Command {
  return ofUser('password', 'give an account another password; its sessions end').action(
    async (name: string, flags: Flags, command: Command) => {
      const password = await readNewPassword();
      await tell(command, flags, (db, by) => setPassword(db, name, password, by));
    },
  );
}

function disableCommand(): Command {
  return ofUser('disable', 'let nobody in by an account any more; its sessions end').action(
    async (name: string, flags: Flags, command: Command) =>
      tell(command, flags, (db, by) => disableAccount(db, name, by)),
  );
}

function enableCommand(): Command {
  return ofUser('enable', 'let an account in again').action(
    async (name: string, flags: Flags, command: Command) =>
      tell(command, flags, (db, by) => enableAccount(db, name, by)),
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
  flags: Flags,
  act: (db: Database, by: By) => Promise<Account>,
): Promise<void> {
  const account = await withAccess(command, flags, act);
  if (flags.json) return printJson(account);
  const { name, role, disabledAt } = account;
  print(disabledAt ? `${name} may not come in.` : `${name} may come in, as ${role}.`);
}
