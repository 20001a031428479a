import { defineJob } from 'humdrum';
import { z } from 'zod';

/** Asked for by hand or by a program: humdrum enqueue hello.greet --input '{"name":"Ada"}' */
export const greet = defineJob({
  type: 'hello.greet',
  description: 'Greets somebody by name.',
  input: z.object({ name: z.string().min(1).default('world') }),
  retry: { attempts: 3 },
  timeoutMs: 30_000,
  run(ctx, { name }) {
    const message = `Hello, ${name}!`;
    ctx.log(message);
    ctx.emit('hello.greeted', { name });
    return { message };
  },
});
