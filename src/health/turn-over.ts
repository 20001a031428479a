import { z } from 'zod';
import type { Channel } from '../engine/deliveries/receiver.ts';
import { defineJob } from '../engine/job/define-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import { noticeSchema } from '../engine/ports/alerts.ts';
import { isResolved, keepMessages } from './alert-store.ts';
import { notificationOf } from './notice.ts';

/**
 * Before alerts were notifications, each notice and sink had a job of this type. One that is still queued makes a
 * notification of its notice, so that an upgrade loses none.
 */
export function turnOver({ name, type: { type: receiver } }: Channel): JobType {
  return defineJob({
    type: `humdrum.alert.${name}`,
    description: `Sends alerts that were queued before an upgrade through the channel ${name}.`,
    input: z.object({ id: z.int(), notice: noticeSchema }),
    queue: 'effects',
    priority: -1_000,
    async run(ctx, { id: noticeId, notice }) {
      const isLate = notice.notice !== 'resolved' && (await isResolved(ctx.db, notice.alert));
      if (isLate) return { outcome: 'superseded' };
      ctx.notify(notificationOf(name, notice));
      await keepMessages(ctx.db, [{ noticeId, job: ctx.job.id ?? 0, ordinal: 0, receiver }]);
      return { outcome: 'turned over' };
    },
  });
}
