import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createHumdrum, defineJob } from 'humdrum';
import { mailChannel } from 'humdrum/channels';
import { SMTPServer } from 'smtp-server';
import { z } from 'zod';

/** A mail server that prints what it takes. */
const server = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  async onData(stream, session, done) {
    const mail = await text(stream);
    console.log('to:', session.envelope.rcptTo.map(({ address }) => address).join(', '));
    for (const line of mail.split('\r\n').filter((one) => /^(Subject|Message-ID):|order/.test(one)))
      console.log(line);
    done();
  },
});
const socket = server.listen(0, '127.0.0.1');
await once(socket, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (socket.address());

const thank = defineJob({
  type: 'shop.thank',
  input: z.object({ address: z.email() }),
  run(ctx, { address }) {
    ctx.notify({ channel: 'mail', to: address, subject: 'Thank you', text: 'For your order.' });
  },
});

const humdrum = await createHumdrum({
  jobs: [thank],
  receivers: [mailChannel({ url: `smtp://127.0.0.1:${port}`, from: 'shop@example.org' })],
});
await humdrum.register();
await humdrum.enqueue(thank, { address: 'ada@example.org' });
await humdrum.drain();
await humdrum.close();
server.close();
