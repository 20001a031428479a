import { hash as digestOf } from 'node:crypto';
import type { CanonicalRow } from './canonical-row.ts';

/** Everything that the hash of a seal covers. */
export interface SealHead {
  id: number;
  /** As in `instantText`. */
  sealedAt: string;
  /** The range of audit ids, both ends included. */
  fromId: number;
  toId: number;
  rows: number;
  /** The hash of the previous seal; zeros for the first. */
  previous: Buffer;
  /** The hash over the rows, chained from `previous`. */
  chain: Buffer;
  /** The ids of the rows, see `packIds`. */
  ids: Buffer;
  /** The first 8 bytes of the SHA-256 of each row. */
  digests: Buffer;
}

export interface Seal extends SealHead {
  hash: Buffer;
}

export const DIGEST_BYTES = 8;

/** The part of a seal that the next one continues from. */
export type SealEnd = Pick<Seal, 'id' | 'toId' | 'hash'>;

export const BEFORE_FIRST: SealEnd = { id: 0, toId: 0, hash: Buffer.alloc(32) };

/** Makes the seal that follows `last`. `rows` must be in order. */
export function makeSeal(
  last: SealEnd,
  { toId, sealedAt }: { toId: number; sealedAt: string },
  rows: readonly CanonicalRow[],
): Seal {
  const head = {
    id: last.id + 1,
    sealedAt,
    fromId: last.toId + 1,
    toId,
    rows: rows.length,
    previous: last.hash,
    chain: chainOf(last.hash, rows),
    ids: packIds(last.toId + 1, rows),
    digests: Buffer.concat(rows.map(digest)),
  };
  return { ...head, hash: sealHash(head) };
}

function sha256(data: string | Buffer): Buffer {
  return digestOf('sha256', data, 'buffer');
}

export function digest({ text }: CanonicalRow): Buffer {
  return sha256(text).subarray(0, DIGEST_BYTES);
}

export function chainOf(previous: Buffer, rows: readonly CanonicalRow[]): Buffer {
  return rows.reduce(
    (chain, { text }) => sha256(Buffer.concat([chain, Buffer.from(text)])),
    previous,
  );
}

/** Hashes all other fields of the seal, including its list of rows. */
export function sealHash(head: SealHead): Buffer {
  const { id, sealedAt, fromId, toId, rows, previous, chain, ids, digests } = head;
  const scalars = Buffer.from(JSON.stringify([id, sealedAt, fromId, toId, rows]));
  return sha256(Buffer.concat([previous, chain, scalars, ids, digests]));
}

/**
 * Delta encoding: the differences between consecutive ids, the first from `fromId - 1`. Each is zigzag-encoded (0, -1, 1,
 * -2 … as 0, 1, 2, 3 …) in little-endian groups of 7 bits, with the high bit set if more follow. Consecutive ids take one
 * byte.
 */
export function packIds(fromId: number, rows: readonly CanonicalRow[]): Buffer {
  const bytes: number[] = [];
  let before = fromId - 1;
  for (const { id } of rows) {
    const step = id - before;
    let left = step < 0 ? -2 * step - 1 : 2 * step;
    while (left >= 128) {
      bytes.push(128 + (left % 128));
      left = Math.floor(left / 128);
    }
    bytes.push(left);
    before = id;
  }
  return Buffer.from(bytes);
}

export function unpackIds(fromId: number, packed: Buffer): number[] {
  const ids: number[] = [];
  let last = fromId - 1;
  let step = 0;
  let unit = 1;
  for (const byte of packed) {
    step += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    last += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
    ids.push(last);
    step = 0;
    unit = 1;
  }
  return ids;
}
