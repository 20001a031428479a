import { describe, expect, it } from 'vitest';
import { scenarioNames, systemNames } from '../../bench/catalogue.ts';
import { parseFlags } from '../../bench/flags.ts';

const NAMES = { scenarios: ['drain', 'kill'], systems: ['humdrum', 'peer'] };

describe('the flags of the benchmark', () => {
  it('measure everything five times unless told otherwise', () => {
    const all = { only: null, systems: null, out: null };
    expect(parseFlags([], NAMES)).toEqual({ quick: false, jobs: 100_000, runs: 5, ...all });
    expect(parseFlags(['--quick'], NAMES)).toEqual({ quick: true, jobs: 500, runs: 1, ...all });
  });

  it('choose scenarios and systems by name', () => {
    const flags = parseFlags(['--only', 'kill, drain', '--systems=peer', '--jobs', '7'], NAMES);
    expect(flags).toMatchObject({ only: ['drain', 'kill'], systems: ['peer'], jobs: 7 });
  });

  it.each([
    [['--only', 'drian'], 'There is no scenario "drian". There are: drain, kill.'],
    [['--systems', 'humdrum,other'], 'There is no system "other". There are: humdrum, peer.'],
    [['--jobs', '0'], '--jobs is a whole number from 1, not "0".'],
    [['--runs', 'many'], '--runs is a whole number from 1, not "many".'],
    [['--fast'], `Unknown option '--fast'`],
  ])('refuse %j', (args, message) => {
    expect(() => parseFlags(args, NAMES)).toThrow(message);
  });
});

describe('the catalogue of the benchmark', () => {
  it('is what is in the folders, in the order of the report', () => {
    expect(systemNames()[0]).toBe('humdrum');
    expect(systemNames()).toContain('graphile-worker');
    expect(scenarioNames().slice(0, 2)).toEqual(['drain', 'drain-default']);
  });
});
