import fastify from 'fastify';
import { createHumdrum, defineJob } from 'humdrum';
import { createApp, nodeListener } from 'humdrum/http';
import { z } from 'zod';

const greet = defineJob({
  type: 'hello.greet',
  input: z.object({ name: z.string() }),
  run: (_ctx, { name }) => ({ greeting: `Hello, ${name}!` }),
});
const humdrum = await createHumdrum({ jobs: [greet] });

// Who calls is yours to tell: by your own sessions, or by a key as here.
const app = createApp(humdrum, {
  basePath: '/admin/jobs',
  identify: async ({ headers }) =>
    headers.get('authorization') === 'Bearer secret'
      ? { actor: 'key:example', role: 'operator', ambient: false }
      : null,
});

const listener = nodeListener(app);
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
web.get('/', async () => 'the rest of the program');

const { port } = new URL(await web.listen({ port: 0, host: '127.0.0.1' }));

const api = `http://127.0.0.1:${port}/admin/jobs/api/v1`;
const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
const body = JSON.stringify({ type: 'hello.greet', input: { name: 'Ada' } });
const made = await fetch(`${api}/jobs`, { method: 'POST', headers, body });
console.log(made.status, await made.json());
const stranger = await fetch(`${api}/jobs`);
console.log(stranger.status, await stranger.json());
console.log(await (await fetch(`http://127.0.0.1:${port}/`)).text());

await web.close();
await humdrum.close();
