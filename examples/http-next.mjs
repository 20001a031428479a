import { createHumdrum, defineJob } from 'humdrum';
import { createApp } from 'humdrum/http';
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

// app/admin/jobs/[...path]/route.js exports these two. The path that a route handler gets is the whole one.
export const GET = (/** @type {Request} */ request) => app.fetch(request);
export const POST = GET;

// As Next.js would call them:
const api = 'http://localhost:3000/admin/jobs/api/v1';
const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
const body = JSON.stringify({ type: 'hello.greet', input: { name: 'Ada' } });
const made = await POST(new Request(`${api}/jobs`, { method: 'POST', headers, body }));
console.log(made.status, await made.json());
const stranger = await GET(new Request(`${api}/jobs`));
console.log(stranger.status, await stranger.json());
await humdrum.close();
