import { EventEmitter, once } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

const greet = defineJob({
  type: 'hello.greet',
  input: z.object({ name: z.string() }),
  run: (ctx, { name }) => ({ greeting: `Hello, ${name}!`, attempt: ctx.job.attempt }),
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [greet],
  onEvent: (event) => engine.emit(event.event, event),
});

const { id } = await humdrum.enqueue(greet, { name: 'Ada' });
const settled = once(engine, 'job-settled');
await humdrum.start();
await settled;
await humdrum.stop();

const job = await humdrum.showJob(id);
console.log(job.type, 'is', job.status);
console.log(job.attemptRecords[0]?.result);
console.log(job.audit.map(({ event }) => event).join(', '));
await humdrum.close();
