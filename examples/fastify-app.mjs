import { EventEmitter, on } from 'node:events';
import fastify from 'fastify';
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

const api = createApp(humdrum, {
  basePath: '/admin/jobs',
  identify: async ({ headers }) =>
    headers.get('authorization') === 'Bearer secret'
      ? { actor: 'key:example', role: 'operator', ambient: false }
      : null,
});
const listener = nodeListener(api);
const web = fastify();
await web.register(async (scope) => {
  // In here Fastify reads no body: that is left to the handler.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/admin/jobs/*', async (request, reply) => {
    reply.hijack();
    listener(request.raw, reply.raw);
  });
});
web.post('/orders', async (request, reply) => {
  const { order } = /** @type {{ order: number }} */ (request.body);
  const { id } = await humdrum.enqueue(sendReceipt, { order });
  return reply.code(202).send({ job: id });
});
web.addHook('onClose', () => humdrum.close()); // Requests that have come are answered; jobs that run come to their end.

const { port } = new URL(await web.listen({ port: 0, host: '127.0.0.1' }));
await humdrum.start(); // In a process of its own, if you like: it needs the same jobs and packs, and no Fastify.

async function shutDown() {
  await web.close();
  console.log('stopped');
}
process.once('SIGTERM', () => void shutDown());

// From here on a client of it.
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
