import { z } from 'zod';
import { ACTIONS, STATUSES } from '../../engine/job/lifecycle.ts';

/** What the schemas of several endpoints are made of. Each goes both ways: over the wire as text and JSON, in programs as a value. */

const AN_INSTANT = 'It is an instant in the years 1 to 9999, like 2026-01-31T09:00:00Z';

/** An instant: `2026-01-31T09:00:00.000Z` on the wire. */
export const instant = z.codec(
  z.iso.datetime({ offset: true, error: AN_INSTANT }),
  z
    .date()
    .min(new Date('0001-01-01T00:00:00Z'), AN_INSTANT)
    .max(new Date('9999-12-31T23:59:59.999Z'), AN_INSTANT),
  {
    decode: (said) => new Date(said),
    encode: (date) => date.toISOString(),
  },
);

export const status = z.enum(STATUSES).meta({ id: 'Status' });
export const action = z.enum(ACTIONS).meta({ id: 'Action' });

/** Of a job, an audit row or another thing that the database numbers. */
export const id = z.int().min(1);

/** A whole number in a path or a query. */
export function whole(least: number, most: number) {
  const numbers = [least, most].map((bound) => bound.toLocaleString('en-US'));
  const error = `It is a whole number from ${numbers.join(' to ')}`;
  return z.codec(
    z.string().regex(/^-?\d{1,16}$/, error),
    z.int(error).min(least, error).max(most, error),
    {
      decode: Number,
      encode: String,
    },
  );
}

export const idText = whole(1, Number.MAX_SAFE_INTEGER);
/** A place between ids: 0 is before all of them. */
export const idAfter = whole(0, Number.MAX_SAFE_INTEGER);

/** `true` or `false` in a query. */
export const flag = z.codec(z.enum(['true', 'false']), z.boolean(), {
  decode: (said) => said === 'true',
  encode: (value) => (value ? 'true' : 'false'),
});

/** A query parameter that may be given more than once. */
export function several<Item extends z.ZodType<unknown, string>>(item: Item) {
  const error = 'It is given 1,000 times at most';
  return z.codec(z.union([z.string(), z.array(z.string()).max(1_000)], error), z.array(item), {
    decode: (said) => (Array.isArray(said) ? said : [said]) as z.input<Item>[],
    encode: (items) => items as string[],
  });
}

/** Text as people write it: of any letters, without NUL, which PostgreSQL does not store. */
export function text(most: number) {
  return z
    .string()
    .max(most)
    .refine(
      (value) => !value.includes('\0') && value.isWellFormed(),
      'It has no NUL and no half of a character',
    );
}

/** Why somebody does something: it stands in the audit. */
export const reason = text(2_000).refine(
  (value) => value.trim() !== '',
  'Say why: it stands in the audit',
);

/** Any JSON. */
export const json = z.unknown();
