import type { Database } from '../database/database.ts';
import type { MigrationSet } from '../database/migrate.ts';
import type { JobType } from './job-type.ts';

/** A folder of ready-made job types for one domain. Its tables live in a PostgreSQL schema of its own name. */
export interface Pack {
  readonly name: string;
  /** The folder of its numbered SQL files. */
  readonly migrations: URL;
  readonly jobs: readonly JobType[];
  /** Fills empty tables with deterministic sample data, in one transaction; does nothing where data is. Says what it did, or null. */
  loadSample(db: Database): Promise<string | null>;
}

const engineMigrations: MigrationSet = {
  name: 'engine',
  folder: new URL('../../migrations/engine/', import.meta.url),
};

/** The engine's migrations come first: packs may refer to its tables. */
export function migrationSets(packs: readonly Pack[]): MigrationSet[] {
  return [engineMigrations, ...packs.map(({ name, migrations }) => ({ name, folder: migrations }))];
}
