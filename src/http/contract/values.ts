import { z } from 'zod';
import { isInstant } from '../../engine/base/instant.ts';
import { ACTIONS, STATUSES } from '../../engine/job/lifecycle.ts';

// Building blocks of the endpoints' schemas. Codecs convert between the wire format and values in both directions.

const AN_INSTANT = 'must be an instant in the years 1 to 9999, such as 2026-01-31T09:00:00Z';

/** An instant: `2026-01-31T09:00:00.000Z` on the wire. */
export const instant = z.codec(
  z.iso.datetime({ offset: true, error: AN_INSTANT }),
  z.date().refine(isInstant, AN_INSTANT),
  {
    decode: (value) => new Date(value),
    encode: (date) => date.toISOString(),
  },
);

export const status = z.enum(STATUSES).meta({ id: 'Status' });
export const action = z.enum(ACTIONS).meta({ id: 'Action' });

/** The id of a job, an audit row or another numbered row. */
export const id = z.int().min(1);

/** A whole number in a path or a query. */
export function whole(least: number, most: number) {
  const numbers = [least, most].map((bound) => bound.toLocaleString('en-US'));
  const error = `must be a whole number from ${numbers.join(' to ')}`;
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
/** A position in a list ordered by id. 0 is the start. */
export const idAfter = whole(0, Number.MAX_SAFE_INTEGER);

/** `true` or `false` in a query. */
export const flag = z.codec(z.enum(['true', 'false']), z.boolean(), {
  decode: (value) => value === 'true',
  encode: (value) => (value ? 'true' : 'false'),
});

/** A query parameter that may be repeated. */
export function several<Item extends z.ZodType<unknown, string>>(item: Item) {
  const error = 'must not be repeated more than 1,000 times';
  return z.codec(z.union([z.string(), z.array(z.string()).max(1_000)], error), z.array(item), {
    decode: (values) => (Array.isArray(values) ? values : [values]) as z.input<Item>[],
    encode: (items) => items as string[],
  });
}

/** Text in any language. PostgreSQL cannot store NUL or unpaired surrogates. */
export function text(most: number) {
  return z
    .string()
    .max(most)
    .refine(
      (value) => !value.includes('\0') && value.isWellFormed(),
      'must not contain NUL or incomplete characters',
    );
}

/** The reason for an action, recorded in the audit log. */
export const reason = text(2_000).refine(
  (value) => value.trim() !== '',
  'must not be empty: the reason is recorded in the audit log',
);

/** Any JSON. */
export const json = z.unknown();
