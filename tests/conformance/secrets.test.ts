import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { errorMessage } from '../../src/errors.ts';
import { defineJob } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { openEngine } from '../support/engine.ts';

const newKey = (): string => randomBytes(32).toString('base64');

const charge = defineJob({
  type: 'test.charge',
  input: z.object({
    customer: z.string(),
    card: z.object({ number: z.string(), pin: z.number() }),
    tokens: z.array(z.string()).default([]),
    leak: z.enum(['nothing', 'everything']).default('nothing'),
  }),
  secrets: ['card.number', 'card.pin', 'tokens.*'],
  retry: { attempts: 2, delayMs: 0 },
  run(ctx, { card, tokens, leak }) {
    if (leak === 'nothing') return { last: card.number.slice(-2), length: card.number.length };
    ctx.log(`charging ${card.number}`, { pin: card.pin, tokens });
    ctx.emit('test.charged', { number: card.number, nested: { pins: [card.pin] } });
    if (ctx.job.attempt === 1) throw new Error(`card ${card.number} with ${tokens[0]} was refused`);
    return { number: card.number, ok: true };
  },
});

const input = {
  customer: 'ada',
  card: { number: '4111-1111-1111-1111', pin: 7_310_498_765 },
  tokens: ['tok_first', 'tok_second'],
};
const SECRETS = ['4111-1111-1111-1111', '7310498765', 'tok_first', 'tok_second'];

eachBackend('secrets', (fresh) => {
  it('reach the handler, and no table', async () => {
    const db = await fresh();
    const { humdrum, events } = await openEngine(db, { jobs: [charge], secretKey: newKey() });
    const { id } = await humdrum.enqueue(charge, { ...input, leak: 'everything' });
    await humdrum.enqueue(charge, { ...input, leak: 'nothing' });
    await humdrum.start();
    await events.settled(3);
    await humdrum.stop();
    const everything = await dump(db);
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
    const shown = await humdrum.showJob(id);
    expect(shown.input).toMatchObject({
      customer: 'ada',
      card: { number: '[secret]', pin: '[secret]' },
      tokens: ['[secret]', '[secret]'],
    });
    const [first, second] = shown.attemptRecords;
    expect(first).toMatchObject({ errorMessage: 'card [secret] with [secret] was refused' });
    expect(first?.log).toMatchObject([
      { message: 'charging [secret]', fields: { pin: '[secret]' } },
    ]);
    expect(second?.result).toEqual({ number: '[secret]', ok: true });
    for (const secret of SECRETS) expect(JSON.stringify(events.all)).not.toContain(secret);
  });

  it('are in no plan, and make no difference to its hash', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [charge], secretKey: newKey() });
    const at = new Date('2026-03-01T10:00:00Z');
    const plan = await humdrum.rehearse(charge, { ...input, leak: 'everything' }, at);
    for (const secret of SECRETS) expect(JSON.stringify(plan)).not.toContain(secret);
    const one = await humdrum.rehearse(charge, input, at);
    const run = await humdrum.run(charge, input, { at });
    expect(run.plan?.hash).toBe(one.hash);
  });

  it('need a key, and the right one', async () => {
    const db = await fresh();
    const without = await openEngine(db, { jobs: [charge] });
    await expect(without.humdrum.enqueue(charge, input)).rejects.toMatchObject({
      code: 'secret-key-missing',
    });
    expect(await without.humdrum.listJobs()).toEqual([]);
    const [old, newer] = [newKey(), newKey()];
    const before = await openEngine(db, { jobs: [charge], secretKey: old });
    await before.humdrum.enqueue(charge, input);
    await before.humdrum.enqueue(charge, input);
    const other = await openEngine(db, {
      jobs: [charge],
      secretKey: newer,
      worker: { concurrency: 1 },
    });
    const after = await openEngine(db, { jobs: [charge], secretKey: [newer, old] });
    await after.humdrum.start();
    await after.events.settled(2);
    await after.humdrum.stop();
    expect((await after.humdrum.getStats()).successfulExecutions).toBe(2);
    await before.humdrum.enqueue(charge, input);
    await other.humdrum.start();
    await other.events.settled(1);
    const [last] = await other.humdrum.listJobs({ limit: 1 });
    expect(last?.errorMessage).toMatch(/does not have their key/);
  });

  it('are not told by an error about the input', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [charge], secretKey: newKey() });
    const refined = {
      ...input,
      card: { number: '4111-1111-1111-1111', pin: 'no number 7310498765' },
    };
    const message = await humdrum.triggerJob('test.charge', refined).then(
      () => 'accepted',
      (error: unknown) => errorMessage(error),
    );
    expect(message).toMatch(/does not match its schema/);
    expect(message).not.toContain('7310498765');
  });
});

it('refuses a key that is none', async () => {
  const { Vault } = await import('../../src/engine/job/secrets.ts');
  expect(() => new Vault(['too short'])).toThrow(/32 bytes in base64/);
});
