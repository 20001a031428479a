import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../src/cli/exit.ts';
import { allowedActions, canBecome, STATUSES } from '../src/engine/job/lifecycle.ts';
import { picks } from '../src/packs/picks/index.ts';
import { ALL, freshUrl } from './support/databases.ts';
import { cli } from './support/process.ts';
import { MAY_IMPORT } from './support/tidy/imports.ts';
import { ROOMS } from './support/tidy/rooms.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAMS = readdirSync(join(ROOT, 'examples')).filter(
  (name) => name.endsWith('.mjs') && !name.endsWith('.config.mjs'),
);
/** What is told to stop, or stops itself, needs a process of its own. */
const ALONE = PROGRAMS.filter((name) => textOf(`examples/${name}`).includes('SIGTERM'));
/** The others share one. The short run tries out the first that a reader meets. */
const TOGETHER = PROGRAMS.filter(
  (name) => !ALONE.includes(name) && (ALL || name === 'first-job.mjs'),
);
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function writtenBeside(name: string): string {
  return textOf(`examples/${name.replace(/mjs$/, 'txt')}`);
}

async function node(...args: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, args, { cwd: ROOT })).stdout;
}

describe('the examples', () => {
  const printed: Record<string, string> = {};

  beforeAll(async () => {
    const paths = TOGETHER.map((name) => `examples/${name}`);
    const said = await node('tests/support/host/example-host.js', ...paths);
    Object.assign(printed, JSON.parse(said));
  }, 300_000);

  it.each(TOGETHER)('%s prints what is written beside it', (name) => {
    expect(printed[`examples/${name}`]).toBe(writtenBeside(name));
  });

  it.runIf(ALL).each(ALONE)('%s prints what is written beside it', async (name) => {
    expect(await node(`examples/${name}`)).toBe(writtenBeside(name));
  });

  it('the configuration file runs its own job and knows the packs', async () => {
    const config = ['--config', 'examples/humdrum.config.mjs'];
    const options = { cwd: ROOT, env: { DATABASE_URL: await freshUrl({ packs: [picks] }) } };
    const run = async (...args: string[]): Promise<unknown> => {
      const { code, stdout } = await cli([...config, 'run', ...args, '--json'], options);
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    const answer = await run('shop.count-late-orders', '--at', '2026-01-05T05:00:00Z');
    expect(answer).toMatchObject({ success: true, message: 'Looked 24 hours back.' });
    const plan = await run('picks.settle-games', '--dry-run');
    expect(plan).toMatchObject({ success: true, dryRun: true });
  });

  it('have the types that the package says', async () => {
    expect(await node('node_modules/typescript/bin/tsc', '-p', 'examples')).toBe('');
  });
});

describe('the documents', () => {
  it('quote files as they are', () => {
    const quoted = DOCUMENTS.flatMap((path) => quotesIn(textOf(path)));
    const paths = quoted.map(({ path }) => path);
    expect(paths).toContain('examples/first-job.mjs');
    expect(paths).toContain('examples/first-job.txt');
    for (const { path, text } of quoted) expect(text, path).toBe(textOf(path));
  });

  it('list the exit codes', () => {
    const rows = tableUnder('docs/guides/operate/commands.md', 'src/cli/exit.ts');
    const said = rows.map(([code, name]) => [codesIn(name)[0], Number(code)]);
    expect(Object.fromEntries(said)).toEqual(EXIT);
  });

  it('list who may do what', () => {
    const rows = tableUnder('docs/lifecycle.md', 'allowed-actions');
    const said = rows.map(([status, actions]) => [codesIn(status)[0], codesIn(actions)]);
    const allowed = STATUSES.map((status) => [status, allowedActions(status)]);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(allowed));
  });

  it('draw each step that a job can take, and no other', () => {
    const [, diagram = ''] = /```mermaid\n([^]*?)```/.exec(textOf('docs/lifecycle.md')) ?? [];
    const drawn = [...diagram.matchAll(/(\w+) --> (\w+):/g)].map(([, from, to]) => `${from} ${to}`);
    const possible = STATUSES.flatMap((from) =>
      STATUSES.filter((to) => canBecome(from, to)).map((to) => `${from} ${to}`),
    );
    expect(drawn.toSorted()).toEqual(possible.toSorted());
  });

  it('list who may import whom', () => {
    const rows = tableUnder('ARCHITECTURE.md', 'tests/support/tidy/imports.ts');
    const said = rows.map(([part, may]) => [codesIn(part)[0], codesIn(may)]);
    expect(Object.fromEntries(said)).toEqual(MAY_IMPORT);
  });

  it('list which room of the engine may import which', () => {
    const rows = tableUnder('ARCHITECTURE.md', 'tests/support/tidy/rooms.ts');
    const listed = rows.map(([room, may]) => [codesIn(room)[0], codesIn(may)]);
    expect(Object.fromEntries(listed)).toEqual(ROOMS);
  });
});

/** Fenced blocks under a comment that names a file of the repository. */
function quotesIn(markdown: string): { path: string; text: string }[] {
  const blocks = markdown.matchAll(/<!-- (\S+\.\w+) -->\n+```\w*\n([^]*?\n)```/g);
  return [...blocks].map(([, path = '', text = '']) => ({ path, text }));
}

/** The rows of the table under the comment that names it or the file it is made from, without its head. */
function tableUnder(path: string, source: string): string[][] {
  const [, below = ''] = textOf(path).split(`<!-- ${source} -->\n`);
  const [table = ''] = below.trimStart().split('\n\n');
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) => row.split('|').slice(1, -1));
}

function codesIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
