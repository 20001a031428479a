import { CronExpression } from '@nestjs/schedule';
import { expect, it } from 'vitest';
import { nextTick } from '../../src/engine/schedule/cron.ts';

it('takes every expression that @nestjs/schedule has a name for', () => {
  const from = new Date('2026-01-01T12:00:00Z');
  const refused = Object.values(CronExpression).filter((cron) => !nextTick({ cron }, from));
  expect(Object.values(CronExpression).length).toBeGreaterThan(50);
  expect(refused).toEqual([]);
});
