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
      `Not the files that were applied: ${changed.join(', ')}.`,
      'Install the version of humdrum that this database was made with, or a later one; put changes of your own into new files.',
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
  return ok('migrations', `all ${states.length} are applied`);
}

const SHOWN = 5;

/** What somebody has changed by hand, against a database that was made a moment ago. */
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
      'Restore it from migrations/, or from a backup: what is missing here is what the promises stand on.',
    );
  }
  if (more.length === 0) return ok('schema', `as the migrations made it: ${found.length} things`);
  return warning(
    'schema',
    `Added by hand: ${shown(more)}.`,
    'Drop it, or keep what is your own in a schema of your own.',
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
