import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The content of a token, and whether it has expired. */
export interface Opened {
  said: unknown;
  isExpired: boolean;
}

/** Signs tokens that callers send back and cannot change. Each token is valid for one purpose. */
export class Signer {
  readonly #key: string | Buffer;

  /** With the default random key, tokens are valid only in this process, until it restarts. */
  constructor(key: string | Buffer = randomBytes(32)) {
    this.#key = key;
  }

  sign(purpose: string, said: object, expiresAt: Date): string {
    const text = JSON.stringify({ said, expiresMs: expiresAt.getTime() });
    const payload = Buffer.from(text).toString('base64url');
    return `${payload}.${this.#signature(purpose, payload).toString('base64url')}`;
  }

  /** Null if the signature is invalid for this purpose. */
  open(purpose: string, token: string): Opened | null {
    const [payload = '', signature = ''] = token.split('.');
    const expected = this.#signature(purpose, payload);
    const received = Buffer.from(signature, 'base64url');
    if (received.length !== expected.length || !timingSafeEqual(received, expected)) return null;
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
