import assert from 'node:assert/strict';
import { defineJob } from 'humdrum';
import { testHumdrum } from 'humdrum/testing';
import { z } from 'zod';

// What is tested: a game whose players get a mail after they have played, and whose board is reset on Mondays at 10.
const sendMail = defineJob({
  type: 'mail.played',
  input: z.object({ player: z.string(), score: z.number() }),
  run: (ctx, { player }) => ctx.emit('mail.sent', { player }),
});

const resetBoard = defineJob({
  type: 'board.reset',
  input: z.object({}),
  schedule: { cron: '0 10 * * mon' },
  async run(ctx) {
    const { rows } = await ctx.db.query('delete from board returning player');
    return { removed: rows.length };
  },
});

/** @param {import('humdrum').Humdrum} humdrum @param {string} player @param {number} score */
async function play(humdrum, player, score) {
  await humdrum.database.transaction(async (tx) => {
    await tx.query('insert into board values ($1, $2)', [player, score]);
    await humdrum.enqueue(sendMail, { player, score });
  });
}

// The test.
const humdrum = await testHumdrum({
  jobs: [sendMail, resetBoard],
  now: '2026-03-01T18:00:00Z',
  prepare: async (db) => {
    await db.query('create table board (player text, score integer)');
  },
});

await play(humdrum, 'ada', 7);
await humdrum.assertEnqueued({ type: sendMail, input: { player: 'ada' }, count: 1 });

const { completed } = await humdrum.drain();
console.log('ran on Sunday:', completed);
await humdrum.assertEmitted({ name: 'mail.sent', data: { player: 'ada' } });

const { tick, ran } = await humdrum.runTick(resetBoard);
console.log('at', tick, ran[0]?.type, ran[0]?.result);
assert.deepEqual((await humdrum.database.query('select * from board')).rows, []);

// What a test says that is wrong.
await play(humdrum, 'bob', 9);
await humdrum
  .assertEnqueued({ type: sendMail, input: { player: 'bob', score: 8 } })
  .catch((/** @type {unknown} */ error) => console.log(String(error)));

await humdrum.close();
