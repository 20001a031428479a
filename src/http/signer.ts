import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What was signed, and whether its time has passed. */
export interface Opened {
  said: unknown;
  isExpired: boolean;
}

/** Words that a caller carries back to us later and cannot change. Each is for one purpose. */
export class Signer {
  readonly #key: string | Buffer;

  /** Without a key what one process signs no other knows, nor the same one after a restart. */
  constructor(key: string | Buffer = randomBytes(32)) {
    this.#key = key;
  }

  sign(purpose: string, said: object, expiresAt: Date): string {
    const text = JSON.stringify({ said, expiresMs: expiresAt.getTime() });
    const payload = Buffer.from(text).toString('base64url');
    return `${payload}.${this.#signature(purpose, payload).toString('base64url')}`;
  }

  /** Null: this is not what was signed for that purpose. */
  open(purpose: string, token: string): Opened | null {
    const [payload = '', signature = ''] = token.split('.');
    const expected = this.#signature(purpose, payload);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const { said, expiresMs } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      said: unknown;
      expiresMs: number;
    };
    return { said, isExpired: expiresMs <= Date.now() };
  }

  #signature(purpose: string, payload: string): Buffer {
    return createHmac('sha256', this.#key).update(`${purpose}.${payload}`).digest();
  }
}
