import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ALL } from '../support/databases.ts';

const ROOT = new URL('../../', import.meta.url);
const NEST_11 = new URL('nest-11/package.json', import.meta.url).href;

/** Whoever imports Nest gets the older major, which the package `nest-11` depends on. */
const HOOKS = script(`export const resolve = (specifier, context, next) =>
  next(specifier, specifier.startsWith('@nestjs/') ? { ...context, parentURL: '${NEST_11}' } : context);`);
const REGISTER = script(`import { register } from 'node:module'; register('${HOOKS}');`);
const ON_NEST_11 = ['--import', REGISTER];
const PRINT_VERSION = `
  import { createRequire } from 'node:module';
  const about = createRequire(import.meta.resolve('@nestjs/core'))('./package.json');
  console.log(about.version.split('.')[0]);`;

function script(text: string): string {
  return `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
}

async function node(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(ROOT) })).stdout;
}

function written(path: string): Promise<string> {
  return readFile(new URL(path, ROOT), 'utf8');
}

it.each([
  { major: '11', flags: ON_NEST_11 },
  { major: '12', flags: [] },
])('Nest $major is here', async ({ major, flags }) => {
  const said = await node(...flags, '--input-type=module', '-e', PRINT_VERSION);
  expect(said).toBe(`${major}\n`);
});

it.runIf(ALL)('runs handlers written in TypeScript, with decorators', async () => {
  await node('node_modules/typescript/bin/tsc', '-p', 'examples/nestjs');
  expect(await node('examples/nestjs/dist/app.js')).toBe(await written('examples/nestjs/app.txt'));
});

it.runIf(ALL)('runs a whole application on Nest 11 too', async () => {
  const said = await node(...ON_NEST_11, 'examples/nest-app.mjs');
  expect(said).toBe(await written('examples/nest-app.txt'));
});

it('can be required from CommonJS, as many Nest applications are compiled', async () => {
  const program = `console.log(typeof require('humdrum/nestjs').HumdrumModule.forRoot)`;
  expect(await node('--input-type=commonjs', '-e', program)).toBe('function\n');
});
