import { once } from 'node:events';
import express from 'express';
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

const web = express();
// Before express.json(): it reads the body itself. With the whole path, so not with use().
web.all('/admin/jobs/{*rest}', nodeListener(app));
web.use(express.json());
web.get('/', (_request, response) => void response.send('the rest of the program'));

const server = web.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

const api = `http://127.0.0.1:${port}/admin/jobs/api/v1`;
const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
const body = JSON.stringify({ type: 'hello.greet', input: { name: 'Ada' } });
const made = await fetch(`${api}/jobs`, { method: 'POST', headers, body });
console.log(made.status, await made.json());
const stranger = await fetch(`${api}/jobs`);
console.log(stranger.status, await stranger.json());
console.log(await (await fetch(`http://127.0.0.1:${port}/`)).text());

server.close();
await humdrum.close();
