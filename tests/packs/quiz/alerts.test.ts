import { describe, expect, it, onTestFinished } from 'vitest';
import { defineAlerts } from '../../../src/health/index.ts';
import { defineQuiz } from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { findRedis, startRedis } from '../../support/redis.ts';
import { addPlayers, after, hours, MONDAY, valuesOf } from './support.ts';

const program = findRedis();
const CHECK = 'humdrum.check-health';

describe.skipIf(program === null)('alerts of quiz', () => {
  anyBackend('while Redis is down', (fresh) => {
    it('people are told, and told again when it is over', async () => {
      const redis = await startRedis(program ?? '');
      const pack = defineQuiz({ redis: redis.url });
      const database = await fresh({ packs: [pack] });
      const humdrum = await testHumdrum({
        database,
        packs: [pack],
        alerts: defineAlerts(),
        now: after(MONDAY, hours(0.9)),
      });
      onTestFinished(() => humdrum.close());
      await addPlayers(database, { id: 'ada', xp: 1 });
      const alerts = () =>
        valuesOf(
          database,
          `select kind from humdrum.alert where subject = 'quiz.publish-leaderboards' and resolved_at is null`,
        );
      await redis.stop();
      await humdrum.runTick('quiz.recalculate-leaderboards', null, { throwOnFailure: false });
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await humdrum.clock.advance({ minutes: 2 });
        await humdrum.drain({ throwOnFailure: false });
      }
      await humdrum.performJob(CHECK, {});
      expect(await alerts()).toEqual(['failing']);
      await redis.start();
      await humdrum.clock.advance({ minutes: 2 });
      await humdrum.drain();
      await humdrum.clock.advance({ minutes: 2 });
      await humdrum.performJob(CHECK, {});
      expect(await alerts()).toEqual([]);
    });
  });

  anyBackend('when nothing runs', (fresh) => {
    it('each job is missed after its own window', async () => {
      const pack = defineQuiz();
      const database = await fresh({ packs: [pack] });
      const humdrum = await testHumdrum({
        database,
        packs: [pack],
        alerts: defineAlerts(),
        now: after(MONDAY, hours(0.1)),
      });
      onTestFinished(() => humdrum.close());
      const missed = async (): Promise<unknown[]> => {
        await humdrum.performJob(CHECK, {});
        return valuesOf(
          database,
          `select subject from humdrum.alert where resolved_at is null and subject like 'quiz.%' order by subject`,
        );
      };
      expect(await missed()).toEqual([]);
      await humdrum.clock.advance({ minutes: 37 });
      expect(await missed()).toEqual(['quiz.regenerate-lives']);
      await humdrum.clock.advance({ minutes: 30 });
      expect(await missed()).toEqual([
        'quiz.expire-sessions',
        'quiz.recalculate-leaderboards',
        'quiz.regenerate-lives',
      ]);
      await humdrum.clock.advance({ hours: 25 });
      expect(await missed()).toContain('quiz.update-streaks');
    });
  });
});
