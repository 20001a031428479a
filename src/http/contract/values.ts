import { z } from 'zod';
import { ACTIONS, STATUSES } from '../../engine/lifecycle.ts';

/** What the schemas of several endpoints are made of. Each goes both ways: over the wire as text and JSON, in programs as a value. */

/** An instant: `2026-01-31T09:00:00.000Z` on the wire. */
export const instant = z
  .codec(z.iso.datetime({ offset: true }), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  })
  .meta({ description: 'An instant, like 2026-01-31T09:00:00Z' });

export const status = z.enum(STATUSES).meta({ id: 'Status' });
export const action = z.enum(ACTIONS).meta({ id: 'Action' });

/** Of a job, an audit row or another thing that the database numbers. */
export const id = z.int().min(1);

/** A whole number in a path or a query. */
export function whole(least: number, most: number) {
  return z.codec(
    z.string().regex(/^-?\d{1,16}$/, 'It is a whole number'),
    z.int().min(least).max(most),
    {
      decode: Number,
      encode: String,
    },
  );
}

export const idText = whole(1, Number.MAX_SAFE_INTEGER);

/** `true` or `false` in a query. */
export const flag = z.codec(z.enum(['true', 'false']), z.boolean(), {
  decode: (text) => text === 'true',
  encode: (value) => (value ? 'true' : 'false'),
});

/** A query parameter that may be given more than once. */
export function several<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z.codec(z.union([z.string(), z.array(z.string()).max(1_000)]), z.array(item), {
    decode: (text) => (Array.isArray(text) ? text : [text]) as z.input<Item>[],
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
