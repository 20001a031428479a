import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { migrationSets } from '../../src/engine/job/pack.ts';
import { quiz } from '../../src/packs/quiz/index.ts';
import { anyBackendWhere, freshFolder, freshUrl } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { cli } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';
import { commandsOf as of, EVERY_COMMAND } from './every-command.ts';

const REFUSED = [...of('looks'), ...of('acts')];
const SCHEDULED = `defineJob({ type: 'shop.tick', input: z.object({}), schedule: { cron: '0 6 * * *' }, run: () => null })`;

let cwd: string;
beforeEach(async () => {
  cwd = await projectWith(`${DOUBLE}, ${SCHEDULED}`);
});

describe('a command that is no server', () => {
  it('makes no database where there is none', { timeout: 240_000 }, async () => {
    await writeFile(join(cwd, 'recording.json'), '{}');
    await mkdir(join(cwd, 'empty'));
    const before = await readdir(cwd, { recursive: true });
    for (const place of ['not/there', 'empty']) {
      for (const [command, args] of [...REFUSED, ...of('tells')]) {
        const { code, stdout, stderr } = await run(args, place);
        const isTold = `${stdout}${stderr}`.includes(`There is no database in ${place}`);
        const answer = { command, isTold, code, error: codeIn(stderr) };
        const expected =
          command === 'doctor' ? { code: 0, error: null } : { code: 6, error: 'database-missing' };
        expect(answer).toEqual({ command, isTold: true, ...expected });
      }
    }
    expect((await readdir(cwd, { recursive: true })).toSorted()).toEqual(before.toSorted());
  });

  it('tells of the folder that was meant', async () => {
    const folder = await databaseIn(await freshFolder());
    const mistyped = folder.replace(/data$/, 'dta');
    const { stderr } = await run(['jobs', 'list'], mistyped);
    expect(stderr).toContain(
      `humdrum: There is no database in ${mistyped}: the folder does not exist. Did you mean ${folder}? To create one there: humdrum db migrate, or humdrum start.`,
    );
  });

  it('names the holder of a folder that another process has open', async () => {
    const folder = await databaseIn(await freshFolder());
    const db = await openDatabase(folder, { max: 1 });
    const { code, stderr } = await run(['jobs', 'list'], folder);
    await db.close();
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 6, error: 'database-locked' });
    expect(stderr).toContain(
      `Process ${process.pid} has opened the embedded database in ${folder}`,
    );
  });

  it('leaves a half-made database to the next start', async () => {
    const folder = await databaseIn(await freshFolder());
    await writeFile(join(folder, 'humdrum.making'), '');
    const before = (await readdir(folder)).toSorted();
    const { stderr } = await run(['jobs', 'list'], folder);
    expect(codeIn(stderr)).toBe('database-missing');
    expect((await readdir(folder)).toSorted()).toEqual(before);
  });

  it('asks for the tables of no pack that nobody has named', async () => {
    const url = await freshUrl();
    const before = await stateOf(url);
    const without = { cwd: await freshFolder(), env: { DATABASE_URL: url } };
    expect(await cli(['jobs', 'list'], without)).toMatchObject({ code: 0, stderr: '' });
    expect(await stateOf(url)).toBe(before);
    await change(url, async (db) => {
      await migrate(db, [await oneBehind('quiz', quiz.migrations)]);
    });
    const { code, stderr } = await cli(['jobs', 'list'], without);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('they lack quiz/0003_replica_identity.sql.') as string,
    });
  });
});

describe('a command that makes a database', () => {
  it.each(['db migrate', 'start', 'worker', 'server', 'init'])(
    'fails where no folder can be made: %s',
    async (command) => {
      const place = command === 'init' ? ['/proc/x/y'] : ['--database', '/proc/x/y'];
      const { code, stderr } = await cli([...command.split(' '), ...place], { cwd });
      expect(code).toBe(command === 'init' ? 2 : 6);
      expect(stderr).toMatch(/\/proc\/x.*a folder that this user can write to/);
    },
  );
});

anyBackendWhere('a command that is no server', (freshPlace) => {
  it('makes no tables in a new database', { timeout: 240_000 }, async () => {
    const place = await databaseIn(await freshPlace());
    await change(place, (db) => db.query('drop schema humdrum cascade'));
    await expectUntouched(place, 'schema-outdated');
  });

  it('leaves tables alone that are one migration behind', { timeout: 240_000 }, async () => {
    const place = await databaseIn(await freshPlace());
    await change(place, async (db) => {
      await db.query('drop schema humdrum cascade');
      const [engine] = migrationSets([]);
      if (engine) await migrate(db, [await oneBehind(engine.name, engine.folder)]);
    });
    await expectUntouched(place, 'schema-outdated');
    const { stderr } = await run(['jobs', 'list'], place);
    expect(stderr).toMatch(
      /they lack engine\/\d+_\w+\.sql\. Bring them up to date: humdrum db mig/,
    );
  });

  it('leaves tables alone that are newer', { timeout: 240_000 }, async () => {
    const place = await databaseIn(await freshPlace());
    await change(place, (db) =>
      db.query(
        `insert into humdrum.migration (set, number, name, checksum) values ('engine', 999, '0999_to-come.sql', 'x')`,
      ),
    );
    await expectUntouched(place, 'schema-newer');
    const { stderr } = await run(['db', 'migrate'], place);
    expect(stderr).toMatch(/does not know engine\/0999_to-come\.sql\. Upgrade this program/);
    expect((await run(['db', 'status'], place)).stdout).toMatch(/tables +newer than this program/);
  });

  it('writes nothing where it only looks', { timeout: 240_000 }, async () => {
    const place = await databaseIn(await freshPlace());
    await run(['run', 'shop.double', '--input', '{"number":1}'], place);
    const before = await stateOf(place);
    // To follow has no end.
    const ending = of('looks').filter(([command]) => command !== 'jobs tail');
    for (const [command, args] of some([...ending, ...of('tells')], place)) {
      const { stderr } = await run(args, place);
      expect({ command, error: codeIn(stderr) }).not.toMatchObject({
        error: expect.stringMatching(/^(schema|database)-/) as string,
      });
    }
    await rm(join(cwd, 'audit.ndjson'), { force: true });
    expect(await stateOf(place)).toBe(before);
  });
});

it('every command is in the walk, and the guide says the same of it', async () => {
  const leaves = leavesOf(await createProgram()).toSorted();
  const walked = Object.values(EVERY_COMMAND).flatMap((group) => Object.keys(group));
  expect(walked.toSorted()).toEqual(leaves);
  const guide = await readFile(
    new URL('../../docs/guides/operate/commands.md', import.meta.url),
    'utf8',
  );
  const [, below = ''] = guide.split('<!-- tests/cli/read-only-commands.test.ts -->\n');
  const [table = ''] = below.trimStart().split('\n\n');
  const rows = table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()));
  const listed = rows.flatMap(([, group = '', commands = '']) =>
    [...commands.matchAll(/`([^`]+)`/g)].map(([, command = '']) => `${group}: ${command}`),
  );
  const expected = Object.entries(EVERY_COMMAND).flatMap(([group, commands]) =>
    Object.keys(commands).map((command) => `${group}: ${command}`),
  );
  expect(listed.toSorted()).toEqual(expected.toSorted());
});

/** All of them are refused, or tell; and nothing changes. */
async function expectUntouched(place: string, error: string): Promise<void> {
  await writeFile(join(cwd, 'recording.json'), '{}');
  const before = await stateOf(place);
  for (const [command, args] of some(REFUSED, place)) {
    const { code, stdout, stderr } = await run(args, place);
    const said = { command, code, stdout, error: codeIn(stderr) };
    expect(said).toEqual({ command, code: 1, stdout: '', error });
  }
  for (const [command, args] of some(of('tells'), place)) {
    const { code } = await run(args, place);
    expect({ command, code }).toEqual({ command, code: command === 'doctor' ? 1 : 0 });
  }
  expect(await stateOf(place)).toBe(before);
  await expectNoStrayFile();
}

/** On the embedded database each takes a second: a few stand for all there. */
function some(commands: typeof REFUSED, place: string): typeof REFUSED {
  if (place.startsWith('postgres')) return commands;
  const few = ['jobs list', 'enqueue', 'run', 'db status'];
  return commands.filter(([command]) => few.includes(command));
}

function run(args: string[], database: string): ReturnType<typeof cli> {
  return cli([...args, '--database', database], { cwd, env: { LOG_LEVEL: 'debug' } });
}

/** With LOG_LEVEL=debug an expected failure shows its code. */
function codeIn(stderr: string): string | null {
  return /^\(([a-z-]+)\) HumdrumError/m.exec(stderr)?.[1] ?? null;
}

/** A migrated database: on a server the fresh one itself. */
async function databaseIn(place: string): Promise<string> {
  if (place.startsWith('postgres')) return place;
  const folder = join(place, 'data');
  await change(folder, (db) => migrate(db, migrationSets([])));
  return folder;
}

async function change(place: string, act: (db: Database) => Promise<unknown>): Promise<void> {
  const db = await openDatabase(place, { max: 1 });
  try {
    await act(db);
  } finally {
    await db.close();
  }
}

async function stateOf(place: string): Promise<string> {
  const db = await openDatabase(place, { max: 1, create: false });
  try {
    return await dump(db);
  } finally {
    await db.close();
  }
}

/** A set of migrations without its last. */
async function oneBehind(name: string, folder: URL): Promise<{ name: string; folder: URL }> {
  const copy = await mkdtemp(join(await freshFolder(), 'set-'));
  await cp(folder, copy, { recursive: true });
  const [last = ''] = (await readdir(copy)).toSorted().toReversed();
  await rm(join(copy, last));
  return { name, folder: pathToFileURL(`${copy}/`) };
}

async function expectNoStrayFile(): Promise<void> {
  expect((await readdir(cwd)).toSorted()).toEqual(['humdrum.config.mjs', 'recording.json']);
}

function leavesOf(command: Command, path: readonly string[] = []): string[] {
  const children = command.createHelp().visibleCommands(command);
  const named = children.filter((child) => child.name() !== 'help');
  if (named.length === 0) return [path.join(' ')];
  return named.flatMap((child) => leavesOf(child, [...path, child.name()]));
}
