import { openPglite } from '../../database/pglite.ts';
import type { Pack } from '../../engine/job/pack.ts';
import { testHumdrum, type TestHumdrum } from '../../testing/index.ts';
import { interruptible } from '../interrupt.ts';
import { Progress } from '../progress.ts';

const HOUR_MS = 3_600_000;

/** A Monday, 00:00 UTC. Fixed, so that every demo with the same seed is the same. */
export const WEEK = new Date('2026-03-02T00:00:00Z');
/** Extends into the next Monday, to include its resets and first players. */
const HOURS = 7 * 24 + 9;

export const hoursIn = (hours: number): Date => new Date(WEEK.getTime() + hours * HOUR_MS);

export type Ran = Awaited<ReturnType<TestHumdrum['drain']>>['ran'][number];

export interface Story<Told> {
  readonly pack: Pack;
  readonly begin: Date;
  readonly stepMs: number;
  /** Called before the week, with the clock at `begin`. */
  prepare(humdrum: TestHumdrum): Promise<void>;
  /** Plays one step from `start`. */
  play(humdrum: TestHumdrum, start: Date): Promise<void>;
  /** Called after each step with the jobs that ran in it. */
  ran(at: Date, ran: readonly Ran[], humdrum: TestHumdrum): Promise<void>;
  tell(humdrum: TestHumdrum): Promise<Told>;
}

export interface Upkeep {
  jobs: number;
  failed: number;
  auditRows: number;
  auditVerified: boolean;
}

/** Plays the story with a test clock on an in-memory database. */
export async function simulate<Told>(story: Story<Told>): Promise<Told & { upkeep: Upkeep }> {
  const database = await openPglite();
  const progress = new Progress('Simulating the week');
  const act = async (): Promise<Told & { upkeep: Upkeep }> => {
    const packs = [story.pack];
    const humdrum = await testHumdrum({ database, packs, now: story.begin, actor: 'demo' });
    try {
      const { completed, failed } = await playWeek(humdrum, story, progress);
      const audit = await sealedAudit(humdrum);
      const upkeep = { jobs: completed + failed, failed, ...audit };
      return { ...(await story.tell(humdrum)), upkeep };
    } finally {
      await humdrum.close();
    }
  };
  return interruptible(act, async () => {
    progress.end();
    await database.close();
  });
}

async function playWeek<Told>(
  humdrum: TestHumdrum,
  story: Story<Told>,
  progress: Progress,
): Promise<{ completed: number; failed: number }> {
  const total = { completed: 0, failed: 0 };
  const drain = async (): Promise<readonly Ran[]> => {
    const { ran, completed, failed } = await humdrum.drain({ throwOnFailure: false });
    total.completed += completed;
    total.failed += failed;
    return ran;
  };
  await story.prepare(humdrum);
  if (humdrum.clock.now() < WEEK) {
    await humdrum.clock.moveTo(WEEK);
    await drain();
  }
  const steps = (HOURS * HOUR_MS) / story.stepMs;
  for (let step = 0; step < steps; step += 1) {
    progress.show(step, steps);
    await story.play(humdrum, humdrum.clock.now());
    await humdrum.clock.advance(story.stepMs);
    await story.ran(humdrum.clock.now(), await drain(), humdrum);
  }
  return total;
}

async function sealedAudit(
  humdrum: TestHumdrum,
): Promise<Pick<Upkeep, 'auditRows' | 'auditVerified'>> {
  await humdrum.performJob('humdrum.seal-audit');
  const { fault, rows } = await humdrum.verifyAudit();
  return { auditRows: rows, auditVerified: fault === null };
}
