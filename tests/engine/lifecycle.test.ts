import { describe, expect, it } from 'vitest';
import {
  allowedActions,
  canBecome,
  replayStatus,
  STATUSES,
} from '../../src/engine/job/lifecycle.ts';

describe('the lifecycle', () => {
  it('has five statuses and these transitions, no other', () => {
    expect(STATUSES).toEqual(['queued', 'running', 'completed', 'failed', 'cancelled']);
    const transitions = STATUSES.flatMap((from) =>
      STATUSES.filter((to) => canBecome(from, to)).map((to) => `${from} → ${to}`),
    );
    expect(transitions).toEqual([
      'queued → running',
      'queued → cancelled',
      'running → queued',
      'running → completed',
      'running → failed',
      'failed → queued',
      'failed → cancelled',
    ]);
  });

  it('allows operators what the contract says', () => {
    expect(Object.fromEntries(STATUSES.map((status) => [status, allowedActions(status)]))).toEqual({
      queued: ['cancel'],
      running: [],
      completed: [],
      failed: ['retry', 'cancel'],
      cancelled: [],
    });
  });

  it('reads the status out of the audit log, and finds a log that contradicts itself', () => {
    expect(replayStatus(['created'])).toBe('queued');
    expect(replayStatus(['created', 'started', 'fenced'])).toBe('running');
    expect(replayStatus(['created', 'started', 'failed', 'retried', 'started', 'completed'])).toBe(
      'completed',
    );
    expect(() => replayStatus(['created', 'completed'])).toThrow(
      /"completed" for a job that was queued/,
    );
    expect(() => replayStatus(['started'])).toThrow(/not created/);
    expect(() => replayStatus(['created', 'started', 'completed', 'started'])).toThrow(
      /was completed/,
    );
    expect(() => replayStatus([])).toThrow(/no event/);
  });
});
