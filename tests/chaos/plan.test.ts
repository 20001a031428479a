import { describe, expect, it } from 'vitest';
import { describeFault, planFaults, type Fault, type PlanOptions } from './plan.ts';

const options: PlanOptions = {
  seed: 1,
  durationMs: 600_000,
  workers: 8,
  leaseMs: 2_000,
  fsync: false,
};

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planFaults(options)).toEqual(planFaults({ ...options }));
    expect(planFaults(options)).not.toEqual(planFaults({ ...options, seed: 2 }));
  });

  it('has one fault every 250 to 1,000 ms, to the end', () => {
    const times = planFaults(options).map(({ atMs }) => atMs);
    const gaps = times.map((at, index) => at - (times[index - 1] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(249);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_001);
    expect(times.at(-1)).toBeGreaterThan(599_000);
    expect(times.at(-1)).toBeLessThan(600_000);
  });

  it('has every kind, and strikes every worker', () => {
    const plan = planFaults(options);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(7);
    expect(new Set(plan.flatMap((fault) => ('of' in fault ? [fault.of] : []))).size).toBe(5);
    const struck = plan.flatMap((fault) => ('worker' in fault ? [fault.worker] : []));
    expect([...new Set(struck)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('has only the kinds that are asked for', () => {
    const plan = planFaults({ ...options, kinds: ['freeze', 'hold'] });
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(['freeze', 'hold']));
    expect(planFaults({ ...options, kinds: ['hold'], workers: 2 }).length).toBeGreaterThan(20);
  });

  it('leaves half of the workers at work, and lets the others stand still for some leases', () => {
    const stills = planFaults(options).filter(isStill);
    expect(stills.length).toBeGreaterThan(10);
    for (const one of stills) {
      expect(one.forMs).toBe(one.kind === 'freeze' ? 4_000 : 8_000);
      const together = stills.filter((other) => overlaps(one, other));
      expect(new Set(together.map(({ worker }) => worker)).size).toBe(together.length);
      expect(together.length).toBeLessThanOrEqual(4);
    }
  });

  it('stops a server that does not sync only cleanly', () => {
    const modes = (fsync: boolean) =>
      new Set(planFaults({ ...options, fsync }).flatMap((fault) => modeOf(fault)));
    expect(modes(false)).toEqual(new Set(['fast']));
    expect(modes(true)).toEqual(new Set(['fast', 'immediate']));
  });

  it('can be read', () => {
    expect(describeFault({ atMs: 1_250, kind: 'freeze', worker: 3, forMs: 4_000 })).toBe(
      '   1.250 s  freeze             worker 3, forMs 4000',
    );
  });
});

type Still = Extract<Fault, { kind: 'freeze' | 'hold' }>;

function isStill(fault: Fault): fault is Still {
  return fault.kind === 'freeze' || fault.kind === 'hold';
}

/** Whether `other` stands still at the moment at which `one` begins. */
function overlaps(one: Still, other: Still): boolean {
  return other.atMs <= one.atMs && one.atMs < other.atMs + other.forMs;
}

function modeOf(fault: Fault): string[] {
  return fault.kind === 'stop-server' ? [fault.mode] : [];
}
