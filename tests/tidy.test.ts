import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsFollowTheTable, indexOnlyReExports, noDeadFile } from './support/tidy/imports.ts';
import { filesAreShort, functionsAreShort } from './support/tidy/lengths.ts';
import { migrationsAreContiguous, migrationsAreFrozen } from './support/tidy/migrations.ts';
import { packsHaveOneShape } from './support/tidy/packs.ts';
import { noCircles, roomsFollowTheTable } from './support/tidy/rooms.ts';
import { readRepository, type Finding, type SourceFile } from './support/tidy/source.ts';
import {
  nothingIsLeftToDo,
  nothingIsSilenced,
  nothingPausesOrResumes,
  packsHaveNoClockOrDice,
  sqlHasItsPlace,
  statusesAreListedOnce,
} from './support/tidy/words.ts';

/** Files, and functions as `path#function`, that are longer than the rule allows: each with its reason. */
const LONG_FILES = {};
const LONG_FUNCTIONS = {};

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', 'tests', 'bench', 'examples', 'scripts', 'migrations', 'docs'];
const FILES = [
  'package.json',
  'vitest.config.ts',
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
];

const everything = readRepository(ROOT, [...FOLDERS, ...FILES]);
const paths = everything.map(({ path }) => path);
const code = everything.filter(({ path }) => /\.(?:tsx?|js)$/.test(path));
const source = code.filter(({ path }) => path.startsWith('src/'));
const migrations = everything.filter(({ path }) => /^migrations\/.*\.sql$/.test(path));

function fileNamed(path: string): SourceFile {
  return everything.find((file) => file.path === path) ?? { path, text: '{}' };
}

function expectNone(findings: readonly Finding[]): void {
  expect(findings, findings.join('\n')).toEqual([]);
}

describe('the repository', () => {
  it('has imports that run one way', () => {
    expectNone(importsFollowTheTable(source));
  });

  it('has an engine of rooms', () => {
    expectNone(roomsFollowTheTable(source));
  });

  it('has no circle of imports, types included', () => {
    expectNone(noCircles(source));
  });

  it('has an index of re-exports only', () => {
    expectNone(indexOnlyReExports(source));
  });

  it('has no dead file', () => {
    expectNone(noDeadFile(source, fileNamed('package.json')));
  });

  it('has packs of one shape', () => {
    expectNone(packsHaveOneShape(paths));
  });

  it('has SQL only where one looks for it', () => {
    expectNone(sqlHasItsPlace(source));
  });

  it('has short files', () => {
    expectNone(filesAreShort(code, LONG_FILES));
  });

  it('has short functions', () => {
    expectNone(functionsAreShort(code, LONG_FUNCTIONS));
  });

  it('has migrations without a gap', () => {
    expectNone(migrationsAreContiguous(paths));
  });

  it('has migrations that never change', () => {
    const list = fileNamed('migrations/checksums.json');
    expectNone(migrationsAreFrozen(migrations, JSON.parse(list.text) as Record<string, string>));
  });

  it('silences neither the compiler nor the linter', () => {
    expectNone(nothingIsSilenced(code));
  });

  it('has packs that take time, chance and ids from their context', () => {
    expectNone(packsHaveNoClockOrDice(source));
  });

  it('lists the five statuses once', () => {
    expectNone(statusesAreListedOnce(source));
  });

  it('knows no pause and no resume', () => {
    expectNone(nothingPausesOrResumes([...source, ...migrations]));
  });

  it('leaves nothing to do', () => {
    expectNone(nothingIsLeftToDo(everything));
  });
});
