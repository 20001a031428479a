import { InvalidArgumentError } from 'commander';
import { errorMessage, HumdrumError } from '../errors.ts';

/** How commander reads an argument: each throws a sentence that says what it should have been. */

export function toWhole(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It is a whole number from 1.');
}

export function toAtMost(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${most.toLocaleString('en')}.`);
  };
}

/** Of an option that may be given more than once. */
export function toList(text: string, before: string[] = []): string[] {
  return [...before, text];
}

export function toPort(text: string): number {
  const port = Number(text);
  if (text !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

/** `9464` is a port on loopback, `0.0.0.0:9464` one that others reach. */
export function toAddress(text: string): { hostname: string; port: number } {
  const at = text.lastIndexOf(':');
  const hostname = at < 0 ? '127.0.0.1' : text.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  if (hostname !== '') return { hostname, port: toPort(text.slice(at + 1)) };
  throw new InvalidArgumentError('It is a port, or an address like 0.0.0.0:9464.');
}

export function toInstant(text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError('It is an instant like 2026-01-31T09:00:00Z.');
}

export function toPriority(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && Math.abs(value) <= 1_000) return value;
  throw new InvalidArgumentError('It is a whole number from -1000 to 1000; lower runs first.');
}

export function toJson(text: string): unknown {
  return parseJson(text, '--input');
}

/** `where` it stands, for the error. Errors: `input-invalid`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HumdrumError('input-invalid', `${where} is not JSON: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `2h`, `1d`, in milliseconds. */
export function toDurationMs(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * UNITS[unit as keyof typeof UNITS];
  throw new InvalidArgumentError('It is a time like 90s, 10m, 2h or 1d.');
}

export function toHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text;
  throw new InvalidArgumentError('It is the hash of a seal, 64 hexadecimal digits.');
}
