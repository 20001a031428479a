import { expect, it } from 'vitest';
import { checkServices } from '../../src/cli/doctor/services.ts';
import { defineQuiz, quiz } from '../../src/packs/quiz/index.ts';
import { freePort } from '../support/postgres-server.ts';
import { findRedis, startRedis } from '../support/redis.ts';

const program = findRedis();

const checked = (redis: string) =>
  checkServices({ options: { packs: [quiz, defineQuiz({ redis })] } });

it.skipIf(program === null)('doctor asks the Redis of a pack', async () => {
  const { url } = await startRedis(program ?? '');
  expect(await checked(url)).toEqual([
    { check: 'redis', level: 'ok', says: 'reachable (pack quiz)', fix: null },
  ]);
});

it('doctor says where a Redis does not answer', async () => {
  const port = await freePort();
  expect(await checked(`redis://:secret@127.0.0.1:${port}`)).toEqual([
    {
      check: 'redis',
      level: 'problem',
      says: expect.stringMatching(
        new RegExp(`^Cannot reach Redis at 127\\.0\\.0\\.1:${port}: (?!.*secret)`),
      ) as string,
      fix: expect.stringContaining('the configuration of the pack quiz') as string,
    },
  ]);
});
