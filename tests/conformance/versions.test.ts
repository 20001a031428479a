import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';

const first = defineJob({
  type: 'mail.send',
  input: z.object({ to: z.string() }),
  run: (_ctx, input) => input,
});
const second = defineJob({
  type: 'mail.send',
  version: 2,
  input: z.object({ to: z.array(z.string()) }),
  upcasts: { 1: (input) => ({ to: [(input as { to: string }).to] }) },
  run: (_ctx, input) => input,
});
const third = defineJob({
  type: 'mail.deliver',
  aliases: ['mail.send'],
  version: 3,
  input: z.object({ recipients: z.array(z.string()) }),
  upcasts: {
    1: (input) => ({ to: [(input as { to: string }).to] }),
    2: (input) => ({ recipients: (input as { to: string[] }).to }),
  },
  run: (_ctx, input) => input,
});
const onlyNew = defineJob({
  type: 'mail.send',
  version: 2,
  input: z.object({ to: z.array(z.string()) }),
  run: (_ctx, input) => input,
});

eachBackend('versions of inputs', (fresh) => {
  it('are brought up, step by step, also under a new name', async () => {
    const db = await fresh();
    const old = await openEngine(db, { jobs: [first] });
    const { id: one } = await old.humdrum.enqueue(first, { to: 'ada' });
    const newer = await openEngine(db, { jobs: [second] });
    const { id: two } = await newer.humdrum.enqueue(second, { to: ['bob', 'eve'] });
    const newest = await openEngine(db, { jobs: [third] });
    await newest.humdrum.enqueue('mail.send', { recipients: ['zoe'] });
    await newest.humdrum.start();
    await newest.events.settled(3);
    const result = async (id: number) =>
      (await newest.humdrum.showJob(id)).attemptRecords[0]?.result;
    expect(await result(one)).toEqual({ recipients: ['ada'] });
    expect(await result(two)).toEqual({ recipients: ['bob', 'eve'] });
    const shown = await newest.humdrum.showJob(one);
    expect(shown).toMatchObject({ type: 'mail.send', input: { to: 'ada' } }); // A fact stays as it was.
  });

  it('that a worker does not know are left to others, and it says so', async () => {
    const db = await fresh();
    const newer = await openEngine(db, { jobs: [second] });
    const { id } = await newer.humdrum.enqueue(second, { to: ['bob'] });
    const old = await openEngine(db, { jobs: [first] });
    await old.humdrum.start();
    await old.events.until((log) => log.count('types-unknown') > 0);
    expect(old.events.all.find(({ event }) => event === 'types-unknown')).toMatchObject({
      types: ['mail.send@2'],
    });
    expect((await old.humdrum.why(id)).why).toMatch(
      /no running worker knows the type mail\.send@2/,
    );
    await old.humdrum.stop();
    const { id: older } = await old.humdrum.enqueue(first, { to: 'ada' });
    const strict = await openEngine(db, { jobs: [onlyNew] });
    await strict.humdrum.start();
    await strict.events.settled(1);
    expect((await strict.humdrum.showJob(id)).status).toBe('completed');
    expect((await strict.humdrum.showJob(older)).status).toBe('queued');
  });
});

it('refuses steps that lead nowhere, and two types of one name', async () => {
  const definition = { type: 'mail.send', input: z.object({}), run: () => null };
  const step = (input: unknown) => input;
  expect(() => defineJob({ ...definition, version: 3, upcasts: { 1: step } })).toThrow(
    /1 leads nowhere/,
  );
  expect(() => defineJob({ ...definition, upcasts: { 1: step } })).toThrow(/1 leads nowhere/);
  expect(() => defineJob({ ...definition, aliases: ['Not a name'] })).toThrow(/not a valid name/);
});
