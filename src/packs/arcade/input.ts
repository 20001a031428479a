import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import { GAMES, PERIODS, POOL_PERIODS } from './game.ts';

/** What callers hand in. Each kind says what it must be, and hexadecimal text arrives in lower case. */

const oneOf = <Word extends string>(words: readonly Word[]) =>
  z.enum(words, { error: `it is one of ${words.join(', ')}` });

export const game = oneOf(GAMES);
export const period = oneOf(PERIODS);
export const poolPeriod = oneOf(POOL_PERIODS);

export const sessionId = z
  .string({ error: 'it is a text' })
  .min(1, 'it is empty')
  .max(200, 'it has more than 200 characters')
  .refine((text) => !text.includes('\0'), 'it has a character that cannot be stored');

export const hexOf = (digits: number) =>
  z
    .string({ error: `it is 0x and ${digits} hexadecimal digits` })
    .regex(new RegExp(`^0x[0-9a-f]{${digits}}$`, 'i'), `it is 0x and ${digits} hexadecimal digits`)
    .transform((text) => text.toLowerCase());

export const whole = (least: number, most: number) => {
  const error = `it is a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, error).max(most, error);
};

/** Of no other than these years there are games. */
const YEARS = [new Date('2000-01-01T00:00:00Z'), new Date('2200-01-01T00:00:00Z')] as const;
const AN_INSTANT = 'it is a Date between the years 2000 and 2199';

export const instant = z
  .date({ error: AN_INSTANT })
  .refine((at) => at >= YEARS[0] && at < YEARS[1], AN_INSTANT);

export const date = z.iso.date({ error: 'it is a date like 2026-01-25' });

/** Errors: `input-invalid`, with each field that cannot be taken. */
export function checked<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  input: z.input<Schema>,
): z.output<Schema> {
  const read = schema.safeParse(input);
  if (read.success) return read.data;
  const problems = read.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || '(input)'}: ${message}`,
  );
  throw new HumdrumError('input-invalid', `${what}: ${problems.join('; ')}`, { cause: read.error });
}
