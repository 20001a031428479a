import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { HumdrumError } from '../errors.ts';
import { PASSWORD_COST, type Cost } from './password-cost.ts';
import { TooManyAttempts } from './too-many-attempts.ts';

interface Stored extends Cost {
  salt: Buffer;
  hash: Buffer;
}

const MIN_LENGTH = 12;
const MAX_LENGTH = 1_000;
const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]{22,86})\$([\w+/]{43})$/;

/** A hash that matches no password. Verifying it takes as long as verifying a real one, so it hides whether an account exists. */
export function unmatchableHash(): string {
  return format({ ...PASSWORD_COST, salt: Buffer.alloc(16), hash: Buffer.alloc(32) });
}

/** Errors: `input-invalid`. */
export function checkPassword(password: string): void {
  const length = Array.from(password).length;
  if (length >= MIN_LENGTH && length <= MAX_LENGTH) return;
  throw new HumdrumError(
    'input-invalid',
    `A password has ${MIN_LENGTH} to ${MAX_LENGTH.toLocaleString('en')} characters of any kind. Several unrelated words make a good one.`,
  );
}

/** `$scrypt$ln=17,r=8,p=1$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return format({ ...PASSWORD_COST, salt, hash: await derive(password, salt, PASSWORD_COST) });
}

/** `outdated`: the password is right, but its hash uses other cost parameters than the current ones. */
export async function verifyPassword(
  password: string,
  stored: string,
): Promise<'right' | 'outdated' | 'wrong'> {
  const known = parse(stored);
  const hash = await derive(password, known.salt, known);
  if (!timingSafeEqual(hash, known.hash)) return 'wrong';
  const { ln, r, p } = PASSWORD_COST;
  return known.ln === ln && known.r === r && known.p === p ? 'right' : 'outdated';
}

const scrypted = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const MAX_WAITING = 20;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/** Hashes one password at a time: each takes 128 MiB and one of the few threads of the pool. Errors: `too-many-attempts`. */
async function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  if (waiting >= MAX_WAITING) throw new TooManyAttempts(10);
  waiting += 1;
  const N = 2 ** ln;
  const next = last.then(() =>
    scrypted(password.normalize('NFKC'), salt, 32, {
      N,
      r,
      p,
      maxmem: 128 * r * (N + p) + 1_048_576,
    }),
  );
  last = next.catch(() => undefined);
  return next.finally(() => (waiting -= 1));
}

function format({ ln, r, p, salt, hash }: Stored): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

function parse(stored: string): Stored {
  const [, ln, r, p, salt = '', hash = ''] = STORED.exec(stored) ?? [];
  if (hash === '') throw new Error('A stored password hash has an unknown format.');
  return {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
