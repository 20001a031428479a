import { EventEmitter, on } from 'node:events';
import { createHumdrum, defineJob } from 'humdrum';
import { z } from 'zod';

const page = defineJob({
  type: 'report.page',
  input: z.object({ nth: z.number() }),
  retry: { attempts: 1 },
  run(_ctx, { nth }) {
    if (nth === 2) throw new Error('there is no page 2');
    return { page: nth };
  },
});
const bind = defineJob({
  type: 'report.bind',
  input: z.object({}),
  async run(ctx) {
    const pages = await ctx.children();
    return pages.map(({ status, result, errorMessage }) => result ?? `${status}: ${errorMessage}`);
  },
});
const order = defineJob({
  type: 'report.order',
  input: z.object({}),
  async run(ctx) {
    const jobs = [1, 2, 3].map((nth) => ({ type: page, input: { nth } }));
    const lenient = await ctx.enqueue(bind, {}, { children: { jobs, onFailure: 'continue' } });
    const strict = await ctx.enqueue(bind, {}, { children: { jobs, onFailure: 'fail' } });
    return { lenient: lenient.id, strict: strict.id };
  },
});

const engine = new EventEmitter();
const humdrum = await createHumdrum({
  jobs: [page, bind, order],
  onEvent: (event) => engine.emit(event.event, event),
});
const { id } = await humdrum.enqueue(order);
const settled = on(engine, 'job-settled');
await humdrum.start();
for (let jobs = 1 + 2 * 4; jobs > 0; jobs -= 1) await settled.next();
await humdrum.stop();

const { lenient, strict } = z
  .object({ lenient: z.number(), strict: z.number() })
  .parse((await humdrum.showJob(id)).attemptRecords[0]?.result);
console.log((await humdrum.showJob(lenient)).attemptRecords[0]?.result);
const { status, attemptRecords } = await humdrum.showJob(strict);
console.log(`${status}, ${attemptRecords[0]?.errorClass}, attempts: ${attemptRecords.length}`);
await humdrum.close();
