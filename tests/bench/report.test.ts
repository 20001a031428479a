import { describe, expect, it } from 'vitest';
import { figure, report } from '../../bench/report.ts';
import { ratiosOf } from '../../bench/results.ts';
import { DRAIN, LATENCY, outcomesOf, resultsWith } from './results.ts';

describe('the report of the benchmark', () => {
  it('has the median with its range, and the ratio run by run', () => {
    const rates = outcomesOf(DRAIN, { humdrum: [300, 1_000, 200], peer: [100, 100, 400] });
    const said = report(resultsWith(rates, 3), 'chart.svg');
    expect(said).toContain('| Humdrum | 300 (200–1,000) |');
    expect(said).toContain('| The <other> one | 100 (100–400) | 3 × |');
    expect(said).toContain('(chart.svg)');
  });

  it('turns the ratio round where less is better', () => {
    const times = outcomesOf(LATENCY, { humdrum: [2], peer: [5] });
    expect(ratiosOf(resultsWith(times, 1), LATENCY, 'humdrum', 'peer')).toEqual([2.5]);
  });

  it('compares only runs that both have', () => {
    const ours = outcomesOf(DRAIN, { humdrum: [200, 300] });
    const theirs = {
      scenario: 'drain',
      system: 'peer',
      run: 1,
      figures: { values: { rate: 100 } },
    };
    const failed = { scenario: 'drain', system: 'peer', run: 0, error: 'Error: a | b\nmore' };
    const results = resultsWith([...ours, failed, theirs], 2);
    expect(ratiosOf(results, DRAIN, 'humdrum', 'peer')).toEqual([3]);
    expect(report(results, null)).toContain(String.raw`failed: Error: a \| b |`);
  });

  it('says what could not be measured', () => {
    const stuck = { values: {}, note: '7 still stuck' };
    const outcome = { scenario: 'drain', system: 'humdrum', run: 0, figures: stuck };
    expect(report(resultsWith([outcome], 1), null)).toContain('| Humdrum | – |  | 7 still stuck |');
  });

  it('leaves a system out where it was not measured', () => {
    const said = report(resultsWith(outcomesOf(DRAIN, { humdrum: [1] }), 1), null);
    expect(said.slice(0, said.indexOf('## Versions'))).not.toContain('other');
  });

  it.each([
    [12_345.6, 0, '12,346'],
    [0.48, 0, '0.5'],
    [0, 0, '0'],
    [0, 2, '0'],
    [2, 1, '2.0'],
  ])('writes %d with %d places as %s', (value, digits, text) => {
    expect(figure(value, { digits })).toBe(text);
  });
});
