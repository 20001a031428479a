export { testHumdrum } from './open.ts';
export type { TestOptions } from './open.ts';
export type {
  TestHumdrum,
  FailureOptions,
  Performed,
  TestDrainOptions,
  TickRun,
} from './test-humdrum.ts';
export type { TestClock, TimeSpan } from './clock.ts';
export type { Prepare } from './embedded.ts';
export type { EffectLike, JobLike } from './candidates.ts';
export type { EffectSeen, JobSeen } from './queries.ts';
