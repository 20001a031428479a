import { describe, expect, it } from 'vitest';
import { contactsOf, transitionsOf, type OpenAlert } from '../../src/health/alert-state.ts';
import type { Finding } from '../../src/health/rules.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-03-02T12:00:00Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

const found = (more: Partial<Finding> = {}): Finding => ({
  kind: 'late',
  subject: 'test.type',
  level: 1,
  summary: 'It is late.',
  facts: {},
  ...more,
});

const open = (more: Partial<OpenAlert> = {}): OpenAlert => ({
  ...found(),
  id: 7,
  firedAt: ago(HOUR / 2),
  levelAt: ago(HOUR / 2),
  notifiedAt: ago(HOUR / 2),
  isAcknowledged: false,
  ...more,
});

/** What one alert comes to: what people are told, and its level. */
function become(
  finding: Finding | null,
  alert: OpenAlert | null,
  by: { told?: number; escalateMs?: number | null; topLevel?: number } = {},
): string {
  const { told = 0, escalateMs = 4 * HOUR, topLevel = 3 } = by;
  const [one, ...others] = transitionsOf(finding ? [finding] : [], alert ? [alert] : [], {
    now: NOW,
    repeatMs: HOUR,
    escalateMs,
    topLevel,
    mostAnHour: 6,
    noticesInHour: () => told,
  });
  expect(others).toEqual([]);
  return one ? `${one.change} ${one.notice ?? 'silent'} ${one.level}` : 'nothing';
}

describe('an alert', () => {
  it.each([
    ['is opened by what is found', found(), null, {}, 'opened fired 1'],
    ['is not told again at once', found(), open(), {}, 'kept silent 1'],
    [
      'is told again after an hour',
      found(),
      open({ notifiedAt: ago(HOUR) }),
      {},
      'kept repeated 1',
    ],
    ['rises with what is found', found({ level: 2 }), open(), {}, 'kept escalated 2'],
    ['does not sink', found({ level: 0 }), open({ level: 2 }), {}, 'kept silent 2'],
    ['rises by time', found(), open({ levelAt: ago(4 * HOUR) }), {}, 'kept escalated 2'],
    [
      'rises by time to the top and no further',
      found(),
      open({ levelAt: ago(4 * HOUR) }),
      { topLevel: 1 },
      'kept silent 1',
    ],
    [
      'does not rise by time where that is not wanted',
      found(),
      open({ levelAt: ago(40 * HOUR) }),
      { escalateMs: null },
      'kept silent 1',
    ],
    ['is resolved', null, open(), {}, 'resolved resolved 1'],
    [
      'of which nobody was told ends in silence',
      null,
      open({ notifiedAt: null }),
      {},
      'resolved silent 1',
    ],
    ['that comes and goes is not told for ever', found(), null, { told: 6 }, 'opened silent 1'],
    [
      'is told when there is room',
      found(),
      open({ notifiedAt: null }),
      { told: 5 },
      'kept fired 1',
    ],
    ['does not rise unheard', found({ level: 3 }), open(), { told: 6 }, 'kept silent 1'],
    [
      'that somebody looks after is not repeated',
      found(),
      open({ isAcknowledged: true, notifiedAt: ago(3 * HOUR), levelAt: ago(9 * HOUR) }),
      {},
      'kept silent 1',
    ],
    [
      'that somebody looks after rises in silence',
      found({ level: 3 }),
      open({ isAcknowledged: true }),
      {},
      'kept silent 3',
    ],
    [
      'that somebody looks after is resolved',
      null,
      open({ isAcknowledged: true }),
      {},
      'resolved resolved 1',
    ],
  ] as const)('%s', (_what, finding, alert, by, expected) => {
    expect(become(finding, alert, by)).toBe(expected);
  });

  it('is told from others by its kind and subject', () => {
    const other = found({ subject: 'test.other' });
    const slow = found({ kind: 'slow' });
    const changes = transitionsOf([found(), other, slow], [open()], {
      now: NOW,
      repeatMs: HOUR,
      escalateMs: null,
      topLevel: 3,
      mostAnHour: 6,
      noticesInHour: ({ subject }) => (subject === 'test.other' ? 6 : 0),
    });
    expect(
      changes.map(({ change, notice, finding }) => [change, notice, finding.kind, finding.subject]),
    ).toEqual([
      ['kept', null, 'late', 'test.type'],
      ['opened', null, 'late', 'test.other'],
      ['opened', 'fired', 'slow', 'test.type'],
    ]);
  });
});

describe('the escalation list', () => {
  const four = [['log'], ['chat', 'log'], ['mail'], ['pager']];

  it.each([
    ['fired', 0, -1, four, ['log']],
    ['fired', 2, -1, four, ['log', 'chat', 'mail']],
    ['escalated', 1, 0, four, ['chat', 'log']],
    ['escalated', 3, 1, four, ['mail', 'pager']],
    ['repeated', 2, 2, four, ['mail']],
    ['resolved', 2, -1, four, ['log', 'chat', 'mail']],
    ['fired', 3, -1, [['log']], ['log']],
    ['escalated', 3, 2, [['log'], ['mail']], ['mail']],
  ] as const)(
    '%s at level %i, told up to %i',
    (notice, level, notifiedLevel, escalation, sinks) => {
      expect(contactsOf({ notice, level, notifiedLevel }, escalation)).toEqual(sinks);
    },
  );
});
