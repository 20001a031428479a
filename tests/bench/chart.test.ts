import { describe, expect, it } from 'vitest';
import { chart } from '../../bench/chart.ts';
import { DRAIN, outcomesOf, resultsWith } from './results.ts';

const widthsIn = (svg: string): number[] =>
  [...svg.matchAll(/<rect [^>]*width="(\d+)"/g)].map(([, width]) => Number(width));

describe('the chart of the benchmark', () => {
  it('has bars as long as the medians', () => {
    const rates = outcomesOf(DRAIN, { humdrum: [100, 200, 900], peer: [50, 50, 50] });
    const [ours = 0, theirs = 0] = widthsIn(chart(resultsWith(rates, 3)) ?? '');
    expect(ours).toBe(theirs * 4);
  });

  it('keeps names from being markup', () => {
    const svg = chart(resultsWith(outcomesOf(DRAIN, { peer: [1] }), 1));
    expect(svg).toContain('The &lt;other&gt; one');
  });

  it('is not there where there is nothing to draw', () => {
    expect(chart(resultsWith([], 1))).toBeNull();
  });
});
