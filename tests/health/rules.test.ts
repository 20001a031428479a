import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/health/facts.ts';
import { findingsOf, THRESHOLDS } from '../../src/health/rules.ts';
import { span } from '../../src/health/span.ts';
import type { WatchedType } from '../../src/health/watched-type.ts';

const MINUTE = 60_000;
const NOW = new Date('2026-03-02T12:00:00Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

const type = (more: Partial<WatchedType> = {}): WatchedType => ({
  type: 'test.type',
  everyMs: 35 * MINUTE,
  expectMs: null,
  schedule: null,
  since: ago(1_000 * MINUTE),
  lastSuccessAt: ago(10 * MINUTE),
  failures: 0,
  givenUp: 0,
  ...more,
});

const rule = {
  cron: '45 1,5,9,13 * * *',
  timeZone: 'UTC',
  nextAt: ago(0).toISOString(),
  patienceMs: 135 * MINUTE - 5_000,
};
const unread = (nextAt: Date): WatchedType['schedule'] => ({
  ...rule,
  cron: '61 * * * *',
  nextAt: nextAt.toISOString(),
});

/** Its last tick was 135 minutes ago. It may be late by that, but for 5 s; with twice its 95th percentile, but for 1 s. */
const scheduled = (more: Partial<WatchedType>): WatchedType =>
  type({
    everyMs: null,
    schedule: rule,
    lastSuccessAt: null,
    ...more,
  });

const HEALTHY: Facts = {
  now: NOW,
  types: [type()],
  hour: [{ type: 'test.type', completed: 100, failed: 10 }],
  lately: [],
  usual: [{ type: 'test.type', runs: 1_000, p95Ms: 2_000 }],
  runs: [{ type: 'test.type', ms: 4_000, jobId: 1 }],
  queues: [{ queue: 'default', ready: 5, oldestMs: 900_000 }],
  stuck: [{ worker: 'host:1', seconds: 60, jobs: 3 }],
  dead: [],
  blocked: [],
  holders: [{ kind: 'transaction', who: '7', doing: null, seconds: 3_600, transactions: 5 }],
  deadRows: [{ table: 'humdrum.ready', live: 0, dead: 1_000_000, vacuumedAt: null }],
};

function found(more: Partial<Facts>): string[] {
  return findingsOf({ ...HEALTHY, ...more }, THRESHOLDS).map(
    ({ kind, subject, level }) => `${kind} ${subject} ${level}`,
  );
}

const half = [{ type: 'a', completed: 10, failed: 10 }];

describe('the rules', () => {
  it('find nothing where all is at its bounds', () => {
    expect(found({})).toEqual([]);
  });

  it.each<[string, Partial<Facts>, string[]]>([
    ['late', { types: [type({ lastSuccessAt: ago(36 * MINUTE) })] }, []],
    ['late', { types: [type({ lastSuccessAt: ago(36 * MINUTE + 1) })] }, ['late test.type 1']],
    [
      'late, since the window is known',
      { types: [type({ lastSuccessAt: ago(900 * MINUTE), since: ago(35 * MINUTE) })] },
      [],
    ],
    ['never', { types: [type({ lastSuccessAt: null, since: ago(35 * MINUTE) })] }, []],
    [
      'never',
      { types: [type({ lastSuccessAt: null, since: ago(35 * MINUTE + 1) })] },
      ['never-ran test.type 1'],
    ],
    ['no window', { types: [type({ lastSuccessAt: null, everyMs: null })] }, []],
    ['in time by its schedule', { types: [scheduled({ lastSuccessAt: ago(135 * MINUTE) })] }, []],
    [
      'late by its schedule',
      { types: [scheduled({ lastSuccessAt: ago(136 * MINUTE) })] },
      ['late test.type 1'],
    ],
    ['never by its schedule', { types: [scheduled({ since: ago(135 * MINUTE) })] }, []],
    [
      'never by its schedule',
      { types: [scheduled({ since: ago(136 * MINUTE) })] },
      ['never-ran test.type 1'],
    ],
    [
      'a schedule that cannot be read, in time',
      { types: [scheduled({ schedule: unread(ago(134 * MINUTE)) })] },
      [],
    ],
    [
      'a schedule that cannot be read, late',
      { types: [scheduled({ schedule: unread(ago(135 * MINUTE)) })] },
      ['never-ran test.type 1'],
    ],
    ['failing', { types: [type({ failures: 2 })] }, []],
    ['failing', { types: [type({ failures: 3 })] }, ['failing test.type 1']],
    ['failing', { types: [type({ failures: 40, givenUp: 8 })] }, ['failing test.type 2']],
    ['failing', { types: [type({ failures: 3_000, givenUp: 3_000 })] }, ['failing test.type 3']],
    ['rate', { hour: [{ type: 'a', completed: 17, failed: 2 }] }, []],
    ['rate', { hour: [{ type: 'a', completed: 17, failed: 3 }] }, ['failure-rate a 1']],
    ['rate', { hour: half }, ['failure-rate a 2']],
    [
      'rate, still',
      { hour: half, lately: [{ type: 'a', completed: 3, failed: 1 }] },
      ['failure-rate a 2'],
    ],
    ['rate, mended', { hour: half, lately: [{ type: 'a', completed: 9, failed: 1 }] }, []],
    [
      'twice p95',
      { runs: [{ type: 'test.type', ms: 4_001, jobId: null }] },
      ['overrun test.type 1'],
    ],
    [
      'few runs',
      {
        runs: [{ type: 'test.type', ms: 9_000, jobId: 1 }],
        usual: [{ type: 'test.type', runs: 19, p95Ms: 1 }],
      },
      [],
    ],
    [
      'short runs',
      {
        runs: [{ type: 'test.type', ms: 1_000, jobId: 1 }],
        usual: [{ type: 'test.type', runs: 20, p95Ms: 1 }],
      },
      [],
    ],
    [
      'both bounds',
      { types: [type({ expectMs: 3_000 })], runs: [{ type: 'test.type', ms: 5_000, jobId: 1 }] },
      ['slow test.type 0', 'overrun test.type 1'],
    ],
    [
      'queue',
      { queues: [{ queue: 'mail', ready: 1, oldestMs: 900_001 }] },
      ['queue-age queue:mail 1'],
    ],
    ['stuck', { stuck: [{ worker: 'host:1', seconds: 61, jobs: 3 }] }, ['stuck-leases workers 1']],
    ['dead', { dead: ['host:1', 'host:2'] }, ['dead-workers workers 1']],
    ['blocked', { blocked: [{ worker: 'host:1', seconds: 40 }] }, ['blocked-worker workers 1']],
    [
      'transaction',
      {
        holders: [{ kind: 'transaction', who: '7', doing: null, seconds: 3_601, transactions: 5 }],
      },
      ['old-transaction database 1'],
    ],
    [
      'dead rows',
      { deadRows: [{ table: 'humdrum.ready', live: 9, dead: 1_000_001, vacuumedAt: null }] },
      ['dead-rows database 0'],
    ],
  ])('%s %#', (_what, more, expected) => {
    expect(found(more)).toEqual(expected);
  });

  it('say in a sentence what is wrong', () => {
    const [late] = findingsOf(
      { ...HEALTHY, types: [type({ lastSuccessAt: ago(100 * MINUTE) })] },
      THRESHOLDS,
    );
    expect(late?.summary).toBe(
      'test.type last succeeded 100 min ago, and should succeed every 35 min.',
    );
  });
});

describe('a length of time', () => {
  it.each([
    [900, '900 ms'],
    [2_500, '2.5 s'],
    [119_000, '119 s'],
    [2_100_000, '35 min'],
    [90_000_000, '25 h'],
    [172_800_000, '2 d'],
  ])('%i ms', (ms, expected) => {
    expect(span(ms)).toBe(expected);
  });
});
