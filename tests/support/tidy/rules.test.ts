import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importsFollowTheTable, indexOnlyReExports, noDeadFile } from './imports.ts';
import { filesAreShort, functionsAreShort } from './lengths.ts';
import { migrationsAreContiguous, migrationsAreFrozen } from './migrations.ts';
import { packsHaveOneShape } from './packs.ts';
import type { SourceFile } from './source.ts';
import {
  nothingIsLeftToDo,
  nothingIsSilenced,
  nothingPausesOrResumes,
  packsHaveNoClockOrDice,
  sqlHasItsPlace,
  statusesAreListedOnce,
} from './words.ts';

/** Tests every rule of tests/tidy.test.ts on violations and on code that it must accept. */

const file = (path: string, text: string): SourceFile => ({ path, text });

/** `path:line` of each finding. */
const places = (findings: readonly string[]): string[] =>
  findings.map((found) => found.split(': ')[0] ?? '');

describe('imports', () => {
  it.each([
    ['src/errors.ts', './database/database.ts'],
    ['src/database/pglite.ts', '../engine/pack.ts'],
    ['src/engine/claim.ts', '../http/app.ts'],
    ['src/health/router.ts', '../packs/picks/rules.ts'],
    ['src/packs/picks/index.ts', '../quiz/rules.ts'],
    ['src/packs/picks/index.ts', '../../http/app.ts'],
    ['src/http/app.ts', '../cli/output.ts'],
    ['src/dashboard/main.ts', '../http/app.ts'],
    ['src/engine/claim.ts', '../../tests/support/dump.ts'],
    ['src/elsewhere/claim.ts', '../errors.ts'],
  ])('of %s from %s are found', (path, specifier) => {
    const plant = (line: string) => places(importsFollowTheTable([file(path, line)]));
    expect(plant(`import { a } from '${specifier}';`)).toEqual([`${path}:1`]);
    expect(plant(`import type { a } from '${specifier}';`)).toEqual([`${path}:1`]);
    expect(plant(`export * from '${specifier}';`)).toEqual([`${path}:1`]);
    expect(plant(`const a = await import('${specifier}');`)).toEqual([`${path}:1`]);
    expect(plant(`type A = import('${specifier}').A;`)).toEqual([`${path}:1`]);
  });

  it.each([
    ['src/database/pglite.ts', '../errors.ts'],
    ['src/engine/claim.ts', '../database/database.ts'],
    ['src/packs/picks/jobs/grade-picks.ts', '../rules.ts'],
    ['src/packs/picks/index.ts', '../../engine/pack.ts'],
    ['src/cli/main.ts', '../http/app.ts'],
    ['src/dashboard/main.ts', '../http/contract.ts'],
    ['src/index.ts', './engine/pack.ts'],
    ['src/engine/claim.ts', 'node:fs'],
  ])('of %s from %s are allowed', (path, specifier) => {
    expect(importsFollowTheTable([file(path, `import { a } from '${specifier}';`)])).toEqual([]);
  });

  it('are all that the index has', () => {
    const index = file('src/index.ts', `export * from './a.ts';\nexport { b } from './b.ts';\n`);
    const own = file('src/index.ts', `${index.text}export const c = 1;\nimport './d.ts';`);
    expect(indexOnlyReExports([index])).toEqual([]);
    expect(places(indexOnlyReExports([own]))).toEqual(['src/index.ts:3', 'src/index.ts:4']);
  });

  it('reach every file', () => {
    const packageJson = file(
      'package.json',
      '{ "exports": { ".": "./dist/index.js", "./a": { "import": "./dist/gone.js" } }, "bin": { "x": "dist/x.js" } }',
    );
    const files = [
      file('src/index.ts', `export * from './a.ts';`),
      file('src/a.ts', `import type { B } from './b.ts';`),
      file('src/b.ts', ''),
      file('src/x.ts', `await import('./a.ts');`),
      file('src/dead.ts', `import './b.ts';`),
    ];
    const found = noDeadFile(files, packageJson);
    expect(places(found)).toEqual(['src/dead.ts:1', 'package.json:1']);
    expect(found[1]).toContain('src/gone.ts');
  });
});

describe('packs', () => {
  const whole = [
    'index.ts',
    'rules.ts',
    'queries.ts',
    'sample.ts',
    'README.md',
    'jobs/grade-picks.ts',
  ]
    .map((name) => `src/packs/picks/${name}`)
    .concat('migrations/picks/0001_picks.sql');

  it('have one shape', () => {
    expect(packsHaveOneShape(whole)).toEqual([]);
    expect(packsHaveOneShape([...whole, 'src/packs/picks/odds.ts'])).toEqual([]);
    expect(places(packsHaveOneShape([...whole, 'src/packs/picks/lib/odds.ts']))).toEqual([
      'src/packs/picks/lib/odds.ts:1',
    ]);
    expect(places(packsHaveOneShape([...whole, 'src/packs/picks/jobs/Grade.ts']))).toEqual([
      'src/packs/picks/jobs/Grade.ts:1',
    ]);
  });

  it.each(whole)('lack nothing: %s', (missing) => {
    expect(packsHaveOneShape(whole.filter((path) => path !== missing))).toHaveLength(1);
  });

  it.each([
    'const at = Date.now();',
    'const at = new Date();',
    'const at = Date();',
    'const at = performance.now();',
    'const chance = Math.random();',
    'const id = crypto.randomUUID();',
    'const sql = `select 1 where at < now()`;',
    'const sql = `select current_timestamp`;',
    'const sql = `select gen_random_uuid()`;',
  ])('have no clock and no dice: %s', (line) => {
    expect(packsHaveNoClockOrDice([file('src/engine/clock.ts', line)])).toEqual([]);
    expect(places(packsHaveNoClockOrDice([file('src/packs/picks/rules.ts', line)]))).toEqual([
      'src/packs/picks/rules.ts:1',
    ]);
  });

  it('may make a date from what they know', () => {
    const known = 'const at = new Date(ctx.now); const chance = ctx.random();';
    expect(packsHaveNoClockOrDice([file('src/packs/picks/rules.ts', known)])).toEqual([]);
  });
});

describe('SQL', () => {
  it.each([
    'select id from job',
    'SELECT 1 FROM job',
    'select pg_notify($1, $2)',
    'insert into job (id) values (1)',
    'update job set a = 1',
    'delete from job where id = $1',
    'with due as (select 1) select 2',
    'create table job (id int)',
    'listen humdrum',
  ])('has its place: %s', (sql) => {
    const line = `\nconst sql = \`\n  ${sql}\`;`;
    const all = ['src/http/app.ts', 'src/packs/picks/rules.ts'].map((path) => file(path, line));
    expect(places(sqlHasItsPlace(all))).toEqual([
      'src/http/app.ts:2',
      'src/packs/picks/rules.ts:2',
    ]);
    const right = [
      'src/engine/claim.ts',
      'src/packs/picks/queries.ts',
      'src/packs/picks/game-queries.ts',
    ];
    expect(sqlHasItsPlace(right.map((path) => file(path, line)))).toEqual([]);
  });

  it.each([
    'Select a job from the list',
    'Delete from the queue',
    'update the lease',
    'with a reason',
    'listen',
  ])('is not prose: %s', (prose) => {
    expect(sqlHasItsPlace([file('src/cli/main.ts', `say('${prose}')`)])).toEqual([]);
  });
});

describe('lengths', () => {
  const lines = (count: number): string => 'a();\n'.repeat(count);

  it('of files end at 300 lines', () => {
    const long = file('src/a.ts', lines(301));
    expect(filesAreShort([file('src/a.ts', lines(300))], {})).toEqual([]);
    expect(places(filesAreShort([long], {}))).toEqual(['src/a.ts:1']);
    expect(filesAreShort([long], { 'src/a.ts': 'a table' })).toEqual([]);
  });

  it.each([
    ['a', (body: string) => `\nfunction a() {\n${body}}`],
    ['a', (body: string) => `\nconst a = async () => {\n${body}};`],
    ['a', (body: string) => `class A {\na() {\n${body}}}`],
    ['(nameless)', (body: string) => `\nrun(() => {\n${body}});`],
  ])('of functions end at 70 lines: %s', (name, wrap) => {
    const long = file('src/a.ts', wrap(lines(69)));
    expect(functionsAreShort([file('src/a.ts', wrap(lines(68)))], {})).toEqual([]);
    expect(places(functionsAreShort([long], {}))).toEqual(['src/a.ts:2']);
    expect(functionsAreShort([long], { [`src/a.ts#${name}`]: 'a table' })).toEqual([]);
  });

  it('of a suite are those of its tests', () => {
    const suites = `describe('a', () => {\n${lines(99)}});\ndescribe.each([])('a', () => {\n${lines(99)}});`;
    expect(functionsAreShort([file('tests/a.test.ts', suites)], {})).toEqual([]);
  });

  it('have no exception that nobody needs', () => {
    expect(filesAreShort([file('src/a.ts', '')], { 'src/a.ts': 'a table' })).toHaveLength(1);
    expect(functionsAreShort([file('src/a.ts', '')], { 'src/a.ts#a': 'a table' })).toHaveLength(1);
  });
});

describe('migrations', () => {
  const first = 'migrations/engine/0001_engine.sql';

  it.each([
    ['start late', ['migrations/engine/0002_engine.sql'], 1],
    ['have a gap', [first, 'migrations/engine/0003_more.sql'], 1],
    ['share a number', [first, 'migrations/engine/0001_more.sql'], 1],
    ['have an odd name', ['migrations/engine/1-engine.sql'], 1],
    ['are right', [first, 'migrations/engine/0002_more.sql', 'migrations/picks/0001_a.sql'], 0],
  ])('that %s', (_, paths, found) => {
    expect(migrationsAreContiguous(paths)).toHaveLength(found);
  });

  it('are frozen', () => {
    const checksum = createHash('sha256').update('select 1').digest('hex');
    const frozen = { 'engine/0001_engine.sql': checksum };
    expect(migrationsAreFrozen([file(first, 'select 1')], frozen)).toEqual([]);
    expect(migrationsAreFrozen([file(first, 'select 2')], frozen)[0]).toContain('changed');
    expect(migrationsAreFrozen([file(first, 'select 1')], {})[0]).toContain('migrations:freeze');
    expect(migrationsAreFrozen([], frozen)[0]).toContain('gone');
  });
});

describe('words', () => {
  it.each([
    'let a: any;',
    'function a<T = any>(b: any[]) {}',
    '// @ts-ignore',
    '/* @ts-expect-error it is fine */',
    '// oxlint-disable-next-line no-console',
  ])('that silence are found: %s', (line) => {
    const found = places(nothingIsSilenced([file('src/a.ts', `\n${line}`)]));
    expect(new Set(found)).toEqual(new Set(['src/a.ts:2']));
  });

  it('that only mention any are not', () => {
    const text = `// any reason\nconst any = 'any'; // oxlint-disable-line no-console -- the CLI`;
    expect(nothingIsSilenced([file('src/a.ts', text)])).toEqual([]);
  });

  it.each([
    `const a = ['queued', 'running', 'completed', 'failed', 'cancelled'];`,
    `type A = 'failed' | 'cancelled' | 'completed' | 'running' | 'queued';`,
    "const sql = `select 1 where s in ('queued', 'running', 'completed', 'failed', 'cancelled')`;",
  ])('of the five statuses are listed once: %s', (line) => {
    expect(statusesAreListedOnce([file('src/engine/job/lifecycle.ts', line)])).toEqual([]);
    expect(places(statusesAreListedOnce([file('src/cli/a.ts', line)]))).toEqual(['src/cli/a.ts:1']);
  });

  it('of some statuses are free', () => {
    const some = `const open = ['queued', 'running', 'failed']; const a = { queued: 1 };`;
    expect(statusesAreListedOnce([file('src/cli/a.ts', some)])).toEqual([]);
  });

  it.each([
    ['src/engine/a.ts', 'const isPaused = true;'],
    ['src/engine/a.ts', 'class A { #resume() {} }'],
    ['src/engine/a.ts', 'type A = { resumed_at: string };'],
    ['src/http/a.ts', `app.post('/queues/:name/pause', go);`],
    ['src/engine/a.ts', 'const sql = `update queue set paused = true`;'],
    ['src/engine/pause.ts', ''],
    ['migrations/engine/0001_a.sql', 'create table a (paused boolean);'],
  ])('know no pause and no resume: %s %s', (path, text) => {
    expect(places(nothingPausesOrResumes([file(path, text)]))).toEqual([`${path}:1`]);
  });

  it.each([
    ['src/engine/a.ts', `// no pause here\nthrow new Error('There is no pause and no resume');`],
    ['src/engine/a.ts', 'const presumed = consumer;'],
    ['migrations/engine/0001_a.sql', '-- no pause\nselect 1; /* nor resume */'],
  ])('may explain that in prose: %s %s', (path, text) => {
    expect(nothingPausesOrResumes([file(path, text)])).toEqual([]);
  });

  it('leave nothing to do', () => {
    const left = ['TO', 'FIX'].map((start, at) => `// ${start}${['DO', 'ME'][at]} later`);
    expect(places(nothingIsLeftToDo([file('docs/a.md', left.join('\n'))]))).toEqual([
      'docs/a.md:1',
      'docs/a.md:2',
    ]);
    expect(nothingIsLeftToDo([file('docs/a.md', 'todo lists')])).toEqual([]);
  });
});
