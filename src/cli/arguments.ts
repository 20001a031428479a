import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { errorMessage, HumdrumError } from '../errors.ts';
import { parseExactJson } from '../engine/base/exact-json.ts';
import { instant } from '../http/contract/values.ts';

// Parsers for commander. Each throws a message that says what was expected.

export function toWhole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('Expected a whole number, 1 or more.');
}

export function toAtMost(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(
      `Expected a whole number from 1 to ${most.toLocaleString('en')}.`,
    );
  };
}

/** For an option that may be repeated. */
export function toList(text: string, before: string[] = []): string[] {
  return [...before, text];
}

export function toPort(text: string): number {
  const port = Number(text);
  if (text !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}

/** `9464` listens on loopback, `0.0.0.0:9464` on all addresses. */
export function toAddress(text: string): { hostname: string; port: number } {
  const at = text.lastIndexOf(':');
  const hostname = at < 0 ? '127.0.0.1' : text.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  if (hostname !== '') return { hostname, port: toPort(text.slice(at + 1)) };
  throw new InvalidArgumentError('Expected a port, or an address such as 0.0.0.0:9464.');
}

/** A date is its beginning in UTC. A time without a time zone would be another instant on each machine. */
export function toInstant(text: string): Date {
  const isDate = z.iso.date().safeParse(text).success;
  const read = z.safeDecode(instant, isDate ? `${text}T00:00:00Z` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(
    'Expected a date such as 2026-01-31, or an instant such as 2026-01-31T09:00:00Z.',
  );
}

export function toPriority(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && Math.abs(value) <= 1_000) return value;
  throw new InvalidArgumentError('Expected a whole number from -1000 to 1000. Lower runs first.');
}

/** `where` names the source in the error. Errors: `input-invalid`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new HumdrumError('input-invalid', `In ${where}, ${cause.message}.`, { cause });
    }
    throw new HumdrumError('input-invalid', `${where} is not JSON: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses `90s`, `10m`, `2h` or `1d` to milliseconds. */
export function toDurationMs(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * UNITS[unit as keyof typeof UNITS];
  throw new InvalidArgumentError('Expected a time such as 90s, 10m, 2h or 1d.');
}

/** As `toDurationMs`, for a time that may not be longer than `most`. */
export function toDurationUpTo(most: string): (text: string) => number {
  return (text) => {
    const ms = toDurationMs(text);
    if (ms <= toDurationMs(most)) return ms;
    throw new InvalidArgumentError(`Expected a time of at most ${most}.`);
  };
}

export function toHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text;
  throw new InvalidArgumentError('Expected the hash of a seal: 64 hexadecimal digits.');
}
