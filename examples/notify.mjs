import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createHumdrum, defineJob } from 'humdrum';
import {
  datadogChannel,
  logChannel,
  sentryChannel,
  slackChannel,
  webhookChannel,
} from 'humdrum/channels';
import { z } from 'zod';

/** Stands for the services: it prints what they are sent. */
const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const base = `http://127.0.0.1:${port}`;

/** @type {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<void>} */
async function serve(request, response) {
  const body = await text(request);
  if (request.url === '/gone') response.writeHead(410);
  response.end(request.url === '/gone' ? 'this webhook was removed' : '');
  print(request, body);
}

/** @type {(request: import('node:http').IncomingMessage, body: string) => void} */
function print({ url, headers }, body) {
  if (url === '/slack') console.log('Slack:', fields(body).text);
  if (url === '/hook') {
    const { type, data } = fields(body);
    console.log('webhook:', headers['webhook-id'], type, data);
  }
  if (url === '/api/v1/events') {
    const { title, alert_type, tags } = fields(body);
    console.log('Datadog:', title, alert_type, tags);
  }
  if (url === '/api/7/envelope/') {
    const { level, message } = fields(body.split('\n')[2] ?? '');
    console.log('Sentry:', level, message);
  }
}

/** @type {(json: string) => Record<string, unknown>} */
const fields = (json) => z.record(z.string(), z.unknown()).parse(JSON.parse(json));

const ship = defineJob({
  type: 'shop.ship',
  input: z.object({ order: z.int() }),
  run(ctx, { order }) {
    const link = `https://shop.example.org/orders/${order}`;
    const message = { to: '', subject: 'Shipped', text: `Order ${order} <is> on its way.` };
    ctx.notify({ channel: 'log', ...message });
    ctx.notify({ channel: 'slack', ...message, data: { link } });
    ctx.notify({ channel: 'webhook', ...message, to: 'ada', data: { order } });
    ctx.notify({ channel: 'datadog', ...message, data: { severity: 'warning' } });
    ctx.notify({ channel: 'sentry', ...message, data: { severity: 'error' } });
    ctx.notify({ channel: 'old-chat', ...message });
  },
});

const humdrum = await createHumdrum({
  jobs: [ship],
  receivers: [
    logChannel(),
    slackChannel({ url: `${base}/slack` }),
    webhookChannel({ url: `${base}/hook`, secret: `whsec_${'A'.repeat(43)}=` }),
    // `site: 'datadoghq.eu'` in place of `url`, to reach Datadog itself.
    datadogChannel({ apiKey: '0123456789abcdef0123456789abcdef', url: base }),
    sentryChannel({ dsn: `http://key@127.0.0.1:${port}/7` }),
    slackChannel({ name: 'old-chat', url: `${base}/gone` }),
  ],
  onEvent(event) {
    if (event.event === 'notification') console.log(`log: ${event.subject}: ${event.text}`);
  },
});
await humdrum.register();
await humdrum.enqueue(ship, { order: 7 });
await humdrum.drain();

// What a service refuses for good is a dead letter, for an operator.
for (const { job, effects } of (await humdrum.deadLetters()).letters) {
  const error = job.errorMessage?.replace(`127.0.0.1:${port}`, 'chat.example.org');
  console.log(`${job.type} after ${job.attempts} attempt: ${error} (${effects[0]?.key})`);
}
await humdrum.close();
server.close();
