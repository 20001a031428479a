import { EventEmitter, on, once } from 'node:events';
import express from 'express';
import { createHumdrum, defineJob } from 'humdrum';
import { createApp, nodeListener } from 'humdrum/http';
import { arcade, recordGame } from 'humdrum/packs/arcade';
import { z } from 'zod';

// An application with a route of its own. What it used to do within the request is a job now.
const sendReceipt = defineJob({
  type: 'shop.send-receipt',
  input: z.object({ order: z.int() }),
  run: (_ctx, { order }) => ({ message: `Receipt for order ${order} sent.` }),
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  packs: [arcade],
  jobs: [sendReceipt],
  onEvent: (event) => engine.emit(event.event, event),
});
await recordGame(humdrum.database, {
  sessionId: 'first',
  game: 'snake',
  playerAddress: `0x${'a1'.repeat(20)}`,
  paymentTx: `0x${'b2'.repeat(32)}`,
  amountMicroUsdc: 200_000,
  score: 1_200,
  at: new Date('2026-01-25T12:00:00Z'),
});

const web = express();
const api = createApp(humdrum, {
  basePath: '/admin/jobs',
  identify: async ({ headers }) =>
    headers.get('authorization') === 'Bearer secret'
      ? { actor: 'key:example', role: 'operator', ambient: false }
      : null,
});
web.all('/admin/jobs/{*rest}', nodeListener(api)); // Before express.json(): it reads the body itself.
web.use(express.json());
web.post('/orders', async (request, response) => {
  const { order } = /** @type {{ order: number }} */ (request.body);
  const { id } = await humdrum.enqueue(sendReceipt, { order });
  response.status(202).json({ job: id });
});

const server = web.listen(0, '127.0.0.1');
await once(server, 'listening');
await humdrum.start(); // In a process of its own, if you like: it needs the same jobs and packs, and no Express.

async function shutDown() {
  server.close();
  await once(server, 'close'); // Requests that have come are answered,
  await humdrum.close(); // and jobs that run come to their end.
  console.log('stopped');
}
process.once('SIGTERM', () => void shutDown());

// From here on a client of it.
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const settled = on(engine, 'job-settled');
/** @param {string} path @param {object} body */
const post = async (path, body) => {
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
  return [response.status, await response.json()];
};
console.log(...(await post('/orders', { order: 17 })));
console.log(...(await post('/admin/jobs/api/v1/jobs/trigger/leaderboard', {})));
await settled.next();
await settled.next();
for (const { id, type, status } of (await humdrum.listJobs()).toReversed()) {
  const { attemptRecords } = await humdrum.showJob(id);
  const result = /** @type {{ message: string } | undefined} */ (attemptRecords[0]?.result);
  console.log(type, status, result?.message);
}
process.kill(process.pid, 'SIGTERM');
