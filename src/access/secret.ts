import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 32 random bytes as 43 characters. A fast hash is enough: 256 bits cannot be guessed. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares in constant time. */
export function isSecret(secret: string, hash: Uint8Array): boolean {
  return timingSafeEqual(hashOf(secret), hash);
}
