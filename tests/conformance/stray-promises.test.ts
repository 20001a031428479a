import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { freshUrl } from '../support/databases.ts';

const PROGRAM = fileURLToPath(new URL('fixtures/stray-promises.mjs', import.meta.url));

async function run(
  ...more: string[]
): Promise<{ ends: object; calmEnds: string[]; troubles: string[] }> {
  const args = [PROGRAM, await freshUrl(), ...more];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Awaited<ReturnType<typeof run>>;
}

it('a promise that a handler does not await costs its own job an attempt, and no other', async () => {
  const { ends, calmEnds, troubles } = await run();
  const stray = 'A promise that the handler did not await was rejected';
  const early = 'The handler returned before 1 call of its context had ended';
  expect(ends).toEqual({
    rejected: `${stray}: nobody awaits this`,
    stepping: `${stray}: division by zero`,
    atomic: `${early}. Await every call of ctx.db and ctx.enqueue.`,
    after: 'completed',
    enqueues: `${early}. Await every call of ctx.db and ctx.enqueue.`,
  });
  expect(calmEnds).toEqual(Array.from({ length: 9 }, () => 'completed'));
  expect(troubles).toContain(
    'running stray.after: Error: This attempt is over: it has ended, timed out or was aborted.',
  );
});

it('a promise that is no handler’s ends the process, as Node does', async () => {
  await expect(run('foreign')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Error: not a handler of ours') as string,
  });
});
