import type { Database } from '../../database/database.ts';
import type { MigrationSet } from '../../database/migrate.ts';
import { packageFile } from '../../database/package-files.ts';
import type { JobType } from './job-type.ts';
import type { LimitRule } from './limit-rule.ts';

/** Ready-made job types for one domain. Its tables live in a PostgreSQL schema named like the pack. */
export interface Pack {
  readonly name: string;
  /** The folder of its numbered SQL files. */
  readonly migrations: URL;
  readonly jobs: readonly JobType[];
  /** Limits that its jobs use. Limits of the same name in the options of `createHumdrum` override them. */
  readonly limits?: Readonly<Record<string, LimitRule>>;
  /** Services that its jobs need besides the database. `humdrum doctor` calls `check`, which throws if one is unavailable. */
  readonly services?: readonly { readonly name: string; check(): Promise<void> }[];
  /**
   * Fills empty tables with deterministic sample data, in one transaction. Returns a sentence about what it loaded, or null if
   * there was data already.
   */
  loadSample(db: Database): Promise<string | null>;
}

const engineMigrations: MigrationSet = {
  name: 'engine',
  folder: packageFile('migrations/engine/'),
};

/** The engine's migrations come first: packs may refer to its tables. */
export function migrationSets(packs: readonly Pack[]): MigrationSet[] {
  return [engineMigrations, ...packs.map(({ name, migrations }) => ({ name, folder: migrations }))];
}

/** The schemas that these migrations fill. */
export function schemasOf(sets: readonly MigrationSet[]): string[] {
  return sets.map(({ name }) => (name === engineMigrations.name ? 'humdrum' : name));
}
