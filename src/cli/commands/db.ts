import { Command } from 'commander';
import type { Database } from '../../database/database.ts';
import { grantRights } from '../../database/grants.ts';
import {
  migrate,
  migrationStates,
  newerThan,
  planMigrations,
  requireMigrated,
  type MigrationSet,
  type MigrationState,
} from '../../database/migrate.ts';
import { readServer } from '../../database/server-facts.ts';
import { schemasOf } from '../../engine/job/pack.ts';
import { colors } from '../colors.ts';
import { actor } from '../engine-options.ts';
import {
  facts,
  instant,
  painted,
  plain,
  print,
  printJson,
  say,
  table,
  type Cell,
} from '../output.ts';
import { Progress } from '../progress.ts';
import { withDatabase } from '../with-database.ts';
import { holdCommand, unholdCommand } from './db-hold.ts';

export function dbCommand(): Command {
  const db = new Command('db').description('inspect, migrate and hold the database');
  db.addCommand(statusCommand());
  db.addCommand(planCommand());
  db.addCommand(migrateCommand());
  db.addCommand(holdCommand());
  db.addCommand(unholdCommand());
  db.addCommand(grantCommand());
  return db;
}

function statusCommand(): Command {
  return new Command('status')
    .description('show the database and its migrations, without changing anything')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      await withDatabase(command, { create: false }, async (db, sets, where) => {
        const server = await readServer(db);
        const migrations = await migrationStates(db, sets);
        if (json) return printJson({ database: where, ...server, migrations });
        const summary = facts([
          ['database', where],
          [
            'server',
            `${server.backend === 'pglite' ? 'embedded ' : ''}PostgreSQL ${server.version}`,
          ],
          ['size', `${(server.bytes / 1_048_576).toFixed(1)} MiB`],
          ['tables', standing(migrations)],
        ]);
        const rows = migrations.map(({ set, name, state, appliedAt }) => [
          set,
          name,
          painted(state, state === 'applied' ? colors.green : colors.yellow),
          appliedAt ? instant(appliedAt) : '',
        ]);
        print(`${summary}\n\n${table(['set', 'migration', 'state', 'applied (UTC)'], rows, '')}`);
      });
    });
}

function standing(migrations: readonly MigrationState[]): Cell {
  const has = (state: MigrationState['state']): boolean =>
    migrations.some((one) => one.state === state);
  if (has('changed')) return painted('not up to date: see below', colors.yellow);
  if (has('unknown')) {
    return painted('newer than this program: npm install humdrum@latest', colors.yellow);
  }
  if (has('pending')) return painted('not up to date: humdrum db migrate', colors.yellow);
  return 'up to date';
}

function planCommand(): Command {
  return new Command('plan')
    .description('print the SQL that `migrate` would run, without running it')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      await withDatabase(command, { create: false }, async (db, sets) => {
        const migrations = await planMigrations(db, sets);
        await warnOfNewer(db, sets);
        if (json) return printJson(migrations);
        for (const { set, name, sql } of migrations) print(`-- ${set}/${name}\n${sql}`);
        if (migrations.length === 0) print('The tables are up to date.');
      });
    });
}

function migrateCommand(): Command {
  return new Command('migrate')
    .description('apply all pending migrations in one transaction')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }, command: Command) => {
      await withDatabase(command, { create: true }, async (db, sets) => {
        const progress = new Progress('migrating');
        const migrations = await migrate(db, sets, (done, of) => progress.show(done, of)).finally(
          () => progress.end(),
        );
        await warnOfNewer(db, sets);
        if (json) return printJson(migrations.map(({ sql: _sql, ...about }) => about));
        for (const { set, name } of migrations) print(`applied ${set}/${name}`);
        if (migrations.length === 0) print('The tables are up to date.');
      });
    });
}

function grantCommand(): Command {
  return new Command('grant')
    .description('give a database role the rights that a worker needs, and no others')
    .argument('<role>', 'a role of PostgreSQL')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nRun it as the role that owns the tables. It prints the statements.')
    .action(async (role: string, { json }: { json?: true }, command: Command) => {
      await withDatabase(command, { create: false }, async (db, sets) => {
        await requireMigrated(db, sets.slice(0, 1));
        const statements = await grantRights(db, schemasOf(sets), { role, actor: actor() });
        if (json) return printJson(statements);
        for (const statement of statements) print(`${statement};`);
        if (statements.length === 0) print(`"${role}" has these rights already.`);
      });
    });
}

/** A newer version may have migrated it: no harm for this command, but people should know. */
async function warnOfNewer(db: Database, sets: MigrationSet[]): Promise<void> {
  const error = await newerThan(db, sets);
  if (error) say(`humdrum: ${plain(error.message)}`);
}
