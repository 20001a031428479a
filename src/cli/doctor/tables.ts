import { readCatalog } from '../../database/catalog.ts';
import { migrate, migrationStates } from '../../database/migrate.ts';
import { openPglite } from '../../database/pglite.ts';
import { migrationSets } from '../../engine/job/pack.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

export async function checkMigrations({ database, options }: Patient): Promise<Finding> {
  const states = await migrationStates(database, migrationSets(options.packs ?? []));
  const named = (state: string): string[] =>
    states.filter((one) => one.state === state).map(({ set, name }) => `${set}/${name}`);
  const [pending, changed, unknown] = [named('pending'), named('changed'), named('unknown')];
  if (changed.length > 0) {
    return problem(
      'migrations',
      `Changed since they were applied: ${changed.join(', ')}.`,
      'Install the version of humdrum that created this database, or a later one. Put your own changes into new migrations.',
    );
  }
  if (unknown.length > 0) {
    return problem(
      'migrations',
      `The database is newer than this version of humdrum: ${unknown.join(', ')}.`,
      'npm install humdrum@latest',
    );
  }
  if (pending.length > 0) {
    return problem(
      'migrations',
      `Not applied yet: ${pending.join(', ')}.`,
      'humdrum db plan, then: humdrum db migrate',
    );
  }
  return ok('migrations', `all ${states.length} applied`);
}

const SHOWN = 5;

/** Finds manual changes, by comparing with a freshly migrated database. */
export async function checkDrift({ database, options }: Patient): Promise<Finding> {
  const packs = options.packs ?? [];
  const schemas = ['humdrum', ...packs.map(({ name }) => name)];
  const model = await openPglite();
  let expected: string[];
  try {
    await migrate(model, migrationSets(packs));
    expected = await readCatalog(model, schemas);
  } finally {
    await model.close();
  }
  const found = await readCatalog(database, schemas);
  const missing = without(expected, found);
  const more = without(found, expected);
  if (missing.length > 0) {
    return problem(
      'schema',
      `Missing or changed: ${shown(missing)}.`,
      'Restore it from migrations/ or a backup: the guarantees of humdrum depend on it.',
    );
  }
  if (more.length === 0) return ok('schema', `matches the migrations (${found.length} objects)`);
  return warning(
    'schema',
    `Added manually: ${shown(more)}.`,
    'Drop it, or move your own objects to a separate schema.',
  );
}

function without(things: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return things.filter((thing) => !known.has(thing));
}

function shown(things: readonly string[]): string {
  const rest = things.length - SHOWN;
  return `${things.slice(0, SHOWN).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
