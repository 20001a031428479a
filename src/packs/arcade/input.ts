import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import { GAMES, PERIODS, POOL_PERIODS } from './game.ts';

// Schemas of callers' input. Each error says what the value must be. Hexadecimal text is converted to lower case.

const oneOf = <Word extends string>(words: readonly Word[]) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` });

export const game = oneOf(GAMES);
export const period = oneOf(PERIODS);
export const poolPeriod = oneOf(POOL_PERIODS);

export const sessionId = z
  .string({ error: 'must be text' })
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character');

export const hexOf = (digits: number) =>
  z
    .string({ error: `must be 0x and ${digits} hexadecimal digits` })
    .regex(
      new RegExp(`^0x[0-9a-f]{${digits}}$`, 'i'),
      `must be 0x and ${digits} hexadecimal digits`,
    )
    .transform((text) => text.toLowerCase());

export const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, error).max(most, error);
};

/** Games can be recorded only for these years. */
const YEARS = [new Date('2000-01-01T00:00:00Z'), new Date('2200-01-01T00:00:00Z')] as const;
const AN_INSTANT = 'must be a Date in the years 2000 to 2199';

export const instant = z
  .date({ error: AN_INSTANT })
  .refine((at) => at >= YEARS[0] && at < YEARS[1], AN_INSTANT);

export const date = z.iso.date({ error: 'must be a date such as 2026-01-25' });

/** Validates input. Errors: `input-invalid`, listing each invalid field. */
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
