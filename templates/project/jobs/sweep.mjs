import { defineJob } from 'humdrum';
import { z } from 'zod';

/** Runs by itself, every morning at six. `ctx.now` is the tick, however late it runs. */
export const sweep = defineJob({
  type: 'hello.sweep',
  description: 'Looks at the day that has ended.',
  input: z.object({}),
  schedule: { cron: '0 6 * * *', timeZone: 'UTC' },
  run(ctx) {
    const day = new Date(ctx.now.getTime() - 86_400_000).toISOString().slice(0, 10);
    return { message: `Swept ${day}.` };
  },
});
