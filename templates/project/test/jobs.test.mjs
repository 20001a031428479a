import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testHumdrum } from 'humdrum/testing';
import { greet } from '../jobs/greet.mjs';
import { sweep } from '../jobs/sweep.mjs';

/** @type {import('humdrum/testing').TestHumdrum} */
let humdrum;

before(async () => {
  humdrum = await testHumdrum({ jobs: [greet, sweep], now: '2026-03-01T18:00:00Z' });
});

after(() => humdrum.close());

test('greets by name', async () => {
  await humdrum.enqueue(greet, { name: 'Ada' });
  const { ran } = await humdrum.drain();
  assert.deepEqual(ran[0]?.result, { message: 'Hello, Ada!' });
  await humdrum.assertEmitted({ name: 'hello.greeted', data: { name: 'Ada' } });
});

test('sweeps the day before, in the morning', async () => {
  const { tick, ran } = await humdrum.runTick(sweep);
  assert.equal(tick.toISOString(), '2026-03-02T06:00:00.000Z');
  assert.deepEqual(ran[0]?.result, { message: 'Swept 2026-03-01.' });
});
