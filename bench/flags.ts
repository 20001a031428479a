import { parseArgs } from 'node:util';

export interface Flags {
  readonly jobs: number;
  readonly runs: number;
  readonly quick: boolean;
  /** Null: all except on-demand ones. */
  readonly only: readonly string[] | null;
  /** Null: all. */
  readonly systems: readonly string[] | null;
  /** Null: `bench/results`, or nowhere with `--quick`. */
  readonly out: string | null;
}

export interface Names {
  readonly scenarios: readonly string[];
  readonly systems: readonly string[];
}

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  jobs: { type: 'string' },
  runs: { type: 'string' },
  only: { type: 'string' },
  systems: { type: 'string' },
  out: { type: 'string' },
} as const;

export const USAGE = `npm run bench -- [--quick] [--jobs N] [--runs N] [--only a,b] [--systems a,b] [--out DIR]`;

/** Throws an error that names the invalid flag and the valid values. */
export function parseFlags(args: readonly string[], names: Names): Flags {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { quick } = values;
  return {
    quick,
    jobs: count('jobs', values.jobs, quick ? 500 : 100_000),
    runs: count('runs', values.runs, quick ? 1 : 5),
    only: chosen('scenario', values.only, names.scenarios),
    systems: chosen('system', values.systems, names.systems),
    out: values.out ?? null,
  };
}

function count(flag: string, text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`--${flag} is a whole number from 1, not "${text}".`);
}

function chosen(
  what: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] | null {
  if (text === undefined) return null;
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return known.filter((name) => wanted.includes(name));
  throw new Error(`There is no ${what} "${unknown}". There are: ${known.join(', ')}.`);
}
