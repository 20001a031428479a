import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

const work = defineJob({
  type: 'shop.work',
  input: z.object({ name: z.string() }),
  run: (_ctx, { name }) => console.log(`runs: ${name}`),
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [work],
  worker: { concurrency: 1 },
  onEvent: (event) => engine.emit(event.event, event),
});

const unique = { unique: { key: 'account-7' } };
const first = await humdrum.enqueue(work, { name: 'unique' }, { ...unique, priority: -1 });
const second = await humdrum.enqueue(work, { name: 'its double' }, unique);
console.log('the same job:', second.id === first.id, '- created:', second.created);

const debounce = { debounce: { key: 'draft-3', waitMs: 500, maxWaitMs: 5_000 } };
const one = await humdrum.enqueue(work, { name: 'save, first' }, debounce);
await humdrum.enqueue(work, { name: 'save, last' }, debounce);
console.log('the first one is', (await humdrum.showJob(one.id)).status);

const late = await humdrum.enqueue(work, { name: 'late' }, { startBy: new Date('2026-01-01') });
await humdrum.enqueue(work, { name: 'low' }, { priority: 5 });
await humdrum.enqueue(work, { name: 'urgent' }, { priority: -5 });

const settled = on(engine, 'job-settled');
await humdrum.start();
for (let jobs = 4; jobs > 0; jobs -= 1) await settled.next();
await humdrum.stop();

console.log('the late one:', (await humdrum.why(late.id)).why.replace(/^.*Z: /, ''));
const throttled = { unique: { key: 'reminder', forMs: 3_600_000 } };
await humdrum.run(work, { name: 'nothing to do with the key' });
const kept = await humdrum.enqueue(work, { name: 'reminder' }, throttled);
await humdrum.cancel(kept.id, { reason: 'not today' });
const again = await humdrum.enqueue(work, { name: 'reminder' }, throttled);
console.log('within the hour, cancelled or not, created:', again.created);
await humdrum.close();
