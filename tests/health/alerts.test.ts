import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAlerts, logSink } from '../../src/health/index.ts';
import { defineJob } from '../../src/index.ts';

const named = (name: string) => logSink({ name });
const two = { sinks: [named('one'), named('two')] };

describe('alerts that cannot be', () => {
  it.each([
    [{ sinks: [] }, 'there is no sink'],
    [{ sinks: [logSink(), logSink()] }, 'two sinks are called "log"'],
    [{ ...two, escalation: [['one'], ['tow']] }, 'escalation names "tow"'],
    [{ ...two, escalation: [['one']] }, 'escalation leaves "two" out'],
    [{ escalation: [] }, 'one to four levels'],
    [{ repeatMs: 3_599_999 }, 'repeatMs is from an hour'],
    [{ escalateMs: 0 }, 'escalateMs is from a minute'],
    [{ mostAnHour: 0 }, 'mostAnHour is from 1'],
    [{ thresholds: { failureRate: 10 } }, 'failureRate is from 0 to 1'],
    [{ thresholds: { queueAgeMs: 15 } }, 'queueAgeMs is from a second'],
  ])('are refused: %j', (options, message) => {
    expect(() => defineAlerts(options)).toThrow(message);
  });
});

describe('what is expected of a type', () => {
  it.each([
    [{ everyMs: 59_999 }, 'health.everyMs must be from 60,000'],
    [{ expectMs: 0 }, 'health.expectMs must be from 1'],
  ])('is checked: %j', (health, message) => {
    const define = () =>
      defineJob({ type: 'test.type', input: z.object({}), health, run: () => null });
    expect(define).toThrow(message);
  });
});
