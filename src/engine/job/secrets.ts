import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { HumdrumError } from '../../errors.ts';
import type { Json } from '../base/json.ts';

/** Replaces a secret wherever it would be shown. */
export const CONCEALED = '[secret]';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Shorter secrets are not redacted: they occur in too many texts by chance. */
const MIN_REDACTED = 4;

/** A stored secret: the id of the key, a dot, and the sealed value. */
interface Sealed {
  $secret: string;
}

/**
 * Seals the secret fields of inputs before they are stored, and opens them for the handler. The first key seals; any of the
 * keys opens, so that a key can be replaced while jobs wait.
 */
export class Vault {
  readonly #keys: { id: string; key: Buffer }[];

  /** Keys of 32 bytes in base64, as `openssl rand -base64 32` makes them. Errors: `config-invalid`. */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((text) => {
      const key = Buffer.from(text, 'base64');
      if (key.length !== KEY_BYTES) {
        throw new HumdrumError(
          'config-invalid',
          `A secret key must be ${KEY_BYTES} bytes in base64, not ${key.length}. Generate one with: openssl rand -base64 32`,
        );
      }
      return { id: createHash('sha256').update(key).digest('base64url').slice(0, 6), key };
    });
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** Returns a copy with the values at the paths sealed. Errors: `secret-key-missing`. */
  seal(type: string, input: unknown, paths: readonly string[]): unknown {
    const [first] = this.#keys;
    if (!first) throw keyMissing(type);
    return mapPaths(input, paths, (value) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, first.key, iv);
      const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
      const sealed = Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
      return { $secret: `${first.id}.${sealed}` } satisfies Sealed;
    });
  }

  /** Returns a copy with every secret opened, and the list of the secrets. Errors: `secret-key-missing`. */
  open(type: string, input: unknown): { input: unknown; secrets: unknown[] } {
    const secrets: unknown[] = [];
    const opened = mapSealed(input, ({ $secret }) => {
      const value = this.#open(type, $secret);
      secrets.push(value);
      return value;
    });
    return { input: opened, secrets };
  }

  #open(type: string, text: string): unknown {
    const [id = '', sealed = ''] = text.split('.');
    const known = this.#keys.find((key) => key.id === id);
    if (!known) throw keyMissing(type);
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv(CIPHER, known.key, bytes.subarray(0, IV_BYTES)).setAuthTag(
      bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES),
    );
    const value = Buffer.concat([
      decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)),
      decipher.final(),
    ]);
    return JSON.parse(value.toString()) as unknown;
  }
}

function keyMissing(type: string): HumdrumError {
  return new HumdrumError(
    'secret-key-missing',
    `The input of ${type} has secrets, but this process does not have their key. Set secretKey (for the command line: HUMDRUM_SECRET_KEY).`,
  );
}

/** Returns a copy that is safe to show: sealed values and the values at the paths are replaced. */
export function conceal(input: unknown, paths: readonly string[] = []): Json {
  const without = paths.length > 0 ? mapPaths(input, paths, () => CONCEALED) : input;
  return mapSealed(without, () => CONCEALED) as Json;
}

/** The values at the paths. */
export function secretsAt(input: unknown, paths: readonly string[]): unknown[] {
  const found: unknown[] = [];
  mapPaths(input, paths, (value) => found.push(value));
  return found;
}

/** Returns a function that replaces these secrets, and every string in them, wherever they occur in a text or in JSON. */
export function redactor(secrets: readonly unknown[]): <T>(value: T) => T {
  const texts = [...new Set(secrets.flatMap(textsIn))]
    .filter((text) => text.length >= MIN_REDACTED)
    .toSorted((a, b) => b.length - a.length);
  if (texts.length === 0) return (value) => value;
  const redactText = (text: string): string =>
    texts.reduce((rest, secret) => rest.replaceAll(secret, CONCEALED), text);
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (typeof value === 'number') return texts.includes(String(value)) ? CONCEALED : value;
    return mapChildren(value, redact);
  };
  return (value) => redact(value) as typeof value;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function mapSealed(value: unknown, of: (sealed: Sealed) => unknown): unknown {
  return isSealed(value) ? of(value) : mapChildren(value, (child) => mapSealed(child, of));
}

function isSealed(value: unknown): value is Sealed {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 1 &&
    '$secret' in value &&
    typeof value.$secret === 'string'
  );
}

/** Paths like `card.number`. `tokens.*` matches each item of a list and each value of an object. */
function mapPaths(
  value: unknown,
  paths: readonly string[],
  of: (value: unknown) => unknown,
): unknown {
  return paths.reduce((rest, path) => mapPath(rest, path.split('.'), of), value);
}

function mapPath(
  value: unknown,
  [name, ...rest]: string[],
  of: (value: unknown) => unknown,
): unknown {
  if (name === undefined) return value === undefined || value === null ? value : of(value);
  return mapChildren(value, (child, key) =>
    name === '*' || name === key ? mapPath(child, rest, of) : child,
  );
}

/** Copies an array or a plain object, with its children mapped. Returns anything else as it is. */
function mapChildren(value: unknown, of: (child: unknown, key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((child, at) => of(child, String(at)));
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, of(child, key)]));
}
