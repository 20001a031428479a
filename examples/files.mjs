import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createHumdrum, defineJob } from 'humdrum';
import { fsStorage } from 'humdrum/files/fs';
import { z } from 'zod';

async function* csv() {
  yield 'order,cents\n';
  for (let order = 1; order <= 3; order += 1) yield `${order},${order * 500}\n`;
}

const exportOrders = defineJob({
  type: 'shop.export-orders',
  input: z.object({}),
  async run(ctx) {
    const file = await ctx.files.put('orders.csv', csv(), { contentType: 'text/csv' });
    return { sha256: file.sha256 };
  },
});

const countLines = defineJob({
  type: 'shop.count-lines',
  input: z.object({ sha256: z.string() }),
  async run(ctx, { sha256 }) {
    const content = await text(await ctx.files.get(sha256));
    return { lines: content.trimEnd().split('\n').length };
  },
});

const folder = await mkdtemp(join(tmpdir(), 'shop-'));
const humdrum = await createHumdrum({
  jobs: [exportOrders, countLines],
  files: fsStorage(folder),
});

const plan = await humdrum.rehearse(exportOrders);
console.log('a rehearsal stores nothing and says:', plan.effects);

const { jobId } = await humdrum.run(exportOrders);
const [file] = (await humdrum.showJob(jobId)).effects;
console.log('the run has stored it:', JSON.stringify(file) === JSON.stringify(plan.effects[0]));

const { outcome } = await humdrum.run(countLines, plan.result);
console.log('another job has read it:', outcome.ended);

await humdrum.close();
await rm(folder, { recursive: true });
