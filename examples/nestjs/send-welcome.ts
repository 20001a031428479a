import type { Context } from 'humdrum';
import { JobHandler } from 'humdrum/nestjs';
import { z } from 'zod';
import { Mailer } from './mailer.ts';

@JobHandler({
  type: 'mail.send-welcome',
  input: z.object({ to: z.string() }),
  retry: { attempts: 3 },
})
export class SendWelcome {
  constructor(private readonly mailer: Mailer) {}

  async run(ctx: Context, { to }: { to: string }) {
    await this.mailer.send(to, 'Welcome!');
    return { attempt: ctx.job.attempt };
  }
}
