import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { auditFenced } from '../../src/engine/transitions/fence.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import {
  addWorker,
  claim,
  completed,
  expireWorker,
  failed,
  plain,
  rescueLost,
} from '../support/verbs.ts';

eachBackend('a worker that settles its last jobs when its time has passed', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let job: ClaimedJob;

  beforeEach(async () => {
    db = await fresh();
    ({ humdrum } = await openEngine(db, { jobs: [plain] }));
    await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    [job] = (await claim(db, worker)) as [ClaimedJob];
    await expireWorker(db, worker);
  });

  const sent = {
    'what completed': () => [completed(job)],
    'what failed': () => [failed(job)],
    'that nothing is left': () => [],
  };
  for (const [what, settlements] of Object.entries(sent)) {
    it(`and tells ${what}, leaves them to be rescued`, async () => {
      await settle(db, settlements(), [job.leaseId]);
      expect(await rescueLost(db)).toEqual({ rescued: 1, again: 1, charged: 1 });
      expect((await humdrum.showJob(job.id)).status).toBe('queued');
    });
  }

  it('is audited as fenced after the rescue as well', async () => {
    await rescueLost(db);
    const refused = await settle(db, [completed(job)], [job.leaseId]);
    expect(await auditFenced(db, refused)).toEqual(refused);
    const { audit } = await humdrum.showJob(job.id);
    expect(audit.at(-1)).toMatchObject({ event: 'fenced', attempt: 1 });
  });
});
