import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { candidates } from '../../src/cli/completion.ts';
import { createProgram } from '../../src/cli/program.ts';
import { DOUBLE, projectWith } from './project.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const TYPES = { type: ['shop.double', 'shop.halve'], queue: ['default', 'slow'] };

async function after(...words: string[]): Promise<string[]> {
  const found = await candidates(await createProgram(), words, async (what) => TYPES[what]);
  return found.map(({ word }) => word);
}

it('completes commands, flags, choices, types and queues where they may stand', async () => {
  expect(await after('jo')).toEqual(['jobs']);
  expect(await after('jobs', 're')).toEqual(['retry']);
  expect(await after('jobs', 'list', '--stat')).toEqual(['--status']);
  expect(await after('jobs', 'list', '--status', 'fa')).toEqual(['failed']);
  expect(await after('jobs', 'list', '--status', 'failed', 'que')).toEqual(['queued']);
  expect(await after('jobs', 'list', '--queue', '')).toEqual(TYPES.queue);
  expect(await after('enqueue', 'shop.d')).toEqual(['shop.double']);
  expect(await after('enqueue', '--input', '{}', 'shop.h')).toEqual(['shop.halve']);
  expect(await after('schedules', 'next', '')).toEqual(TYPES.type);
  expect(await after('enqueue', 'shop.double', '')).toEqual([]);
  expect(await after('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await after('')).not.toContain('__complete');
  expect(await after('jobs', '--ur')).toEqual(['--url']);
});

it('works in bash', async () => {
  const cwd = await projectWith(DOUBLE);
  await mkdir(join(cwd, 'bin'));
  await symlink(MAIN, join(cwd, 'bin/humdrum'));
  const script = `eval "$(humdrum completion bash)"
COMP_WORDS=(humdrum enqueue shop); COMP_CWORD=2; _humdrum; echo "\${COMPREPLY[@]}"
COMP_WORDS=(humdrum jobs ""); COMP_CWORD=2; _humdrum; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    cwd,
    env: { ...process.env, PATH: `${join(cwd, 'bin')}:${process.env['PATH'] ?? ''}` },
  });
  expect(stdout).toMatch(/^shop\.double\nlist tail .*retry cancel/);
});
