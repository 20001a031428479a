import { Command } from 'commander';
import { planMigrations, migrate } from '../../database/migrate.ts';
import { openDatabase } from '../../database/open.ts';
import { migrationSets } from '../../engine/pack.ts';
import { readSetting, type GlobalFlags } from '../config.ts';
import { print } from '../output.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the tables up to date')
    .option('--plan', 'print the SQL that would run, and run none of it')
    .action(async (options: { plan?: true }, command: Command) => {
      const { config, database } = await readSetting(command.optsWithGlobals<GlobalFlags>());
      const db = await openDatabase(database, { max: 2 });
      try {
        const sets = migrationSets(config.packs ?? []);
        const migrations = options.plan ? await planMigrations(db, sets) : await migrate(db, sets);
        for (const { set, name, sql } of migrations) {
          print(options.plan ? `-- ${set}/${name}\n${sql}` : `applied ${set}/${name}`);
        }
        if (migrations.length === 0) print('The tables are up to date.');
      } finally {
        await db.close();
      }
    });
}
