import type { Command } from 'commander';
import type { Database } from '../database/database.ts';
import type { MigrationSet } from '../database/migrate.ts';
import { isFolder, openDatabase } from '../database/open.ts';
import { migrationSets } from '../engine/job/pack.ts';
import { maskUrl, readSetting, type GlobalFlags } from './config.ts';
import { interruptible } from './interrupt.ts';
import { withoutServer } from './locked.ts';
import { refuseUrl } from './session.ts';

/** The database as it is: unlike other commands these also take one whose tables are not up to date. */
export async function withDatabase(
  command: Command,
  { create }: { create: boolean },
  act: (db: Database, sets: MigrationSet[], where: string) => Promise<void>,
): Promise<void> {
  refuseUrl(command);
  const { config, database } = await readSetting(command.optsWithGlobals<GlobalFlags>());
  const opening = openDatabase(database, { max: 2, create }).catch((error: unknown) => {
    throw withoutServer(error, command);
  });
  const where = isFolder(database) ? database : maskUrl(database);
  await interruptible(
    async () => act(await opening, migrationSets(config.packs ?? []), where),
    async () => (await opening).close(),
  );
}
