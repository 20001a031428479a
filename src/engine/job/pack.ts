import type { Database } from '../../database/database.ts';
import type { MigrationSet } from '../../database/migrate.ts';
import type { JobType } from './job-type.ts';
import type { LimitRule } from './limit-rule.ts';

/** A folder of ready-made job types for one domain. Its tables live in a PostgreSQL schema of its own name. */
export interface Pack {
  readonly name: string;
  /** The folder of its numbered SQL files. */
  readonly migrations: URL;
  readonly jobs: readonly JobType[];
  /** Limits that its jobs name. Those of the same name in the options of `createHumdrum` take their place. */
  readonly limits?: Readonly<Record<string, LimitRule>>;
  /** What its jobs need beside the database. Each is asked by `humdrum doctor`, and throws where it does not answer. */
  readonly services?: readonly { readonly name: string; check(): Promise<void> }[];
  /** Fills empty tables with deterministic sample data, in one transaction; does nothing where data is. Says what it did, or null. */
  loadSample(db: Database): Promise<string | null>;
}

const engineMigrations: MigrationSet = {
  name: 'engine',
  folder: new URL('../../../migrations/engine/', import.meta.url),
};

/** The engine's migrations come first: packs may refer to its tables. */
export function migrationSets(packs: readonly Pack[]): MigrationSet[] {
  return [engineMigrations, ...packs.map(({ name, migrations }) => ({ name, folder: migrations }))];
}
