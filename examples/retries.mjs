import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineJob, PermanentError, RetryAfterError } from 'humdrum';
import { z } from 'zod';

class Declined extends Error {
  constructor() {
    super('no money');
    this.name = 'Declined';
  }
}

let hasMoney = false;
const charge = defineJob({
  type: 'shop.charge',
  input: z.object({ card: z.string() }),
  timeoutMs: 50,
  retry: {
    attempts: 2,
    delayMs: 0,
    on: (error) => (error instanceof Declined ? 'fail' : undefined),
  },
  async run(ctx, { card }) {
    const { attempt } = ctx.job;
    if (card === 'stolen') throw new PermanentError('the card was stolen');
    if (card === 'empty' && !hasMoney) throw new Declined();
    if (card === 'busy' && attempt === 1) throw new RetryAfterError('later', { afterMs: 10 });
    if (card === 'slow' && attempt === 1) {
      await new Promise((_, reject) => ctx.signal.addEventListener('abort', reject));
    }
    return { charged: card };
  },
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [charge],
  onEvent: (event) => engine.emit(event.event, event),
});
const settled = on(engine, 'job-settled');
const cards = ['busy', 'slow', 'stolen', 'empty'];
const ids = await humdrum.enqueueMany(cards.map((card) => ({ type: charge, input: { card } })));
await humdrum.start();
for (let attempts = 6; attempts > 0; attempts -= 1) await settled.next();
for (const [at, card] of cards.entries()) {
  const { status, attemptRecords } = await humdrum.showJob(ids[at] ?? 0);
  const ends = attemptRecords.map(({ errorClass }) => errorClass ?? 'done');
  console.log(`${card}: ${ends.join(', ')}: ${status}`);
}

hasMoney = true;
const filter = { type: 'shop.charge', errorClass: 'Declined' };
console.log('would be retried:', await humdrum.countFor('retry', filter));
console.log('retried:', await humdrum.retryAll(filter, { reason: 'it is payday' }));
await settled.next();
await humdrum.cancelAll({ errorClass: 'PermanentError' }, { reason: 'reported to the police' });
for (const status of /** @type {const} */ (['failed', 'cancelled', 'completed'])) {
  console.log(status, (await humdrum.listJobs({ status })).length);
}
await humdrum.close();
