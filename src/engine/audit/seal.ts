import { hash as digestOf } from 'node:crypto';
import type { CanonicalRow } from './canonical-row.ts';

/** What a seal is made over, and the place that it has in the chain. */
export interface SealHead {
  id: number;
  /** As in `instantText`. */
  sealedAt: string;
  /** The range of audit ids that it covers: both belong to it. */
  fromId: number;
  toId: number;
  rows: number;
  /** The hash of the seal before; zeros for the first. */
  previous: Buffer;
  /** The hash over the rows. */
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

/** Where the next seal begins. */
export type SealEnd = Pick<Seal, 'id' | 'toId' | 'hash'>;

export const BEFORE_FIRST: SealEnd = { id: 0, toId: 0, hash: Buffer.alloc(32) };

/** The seal that follows `last`, over rows in order. */
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

/** Of all that the seal says, its list of rows included. */
export function sealHash(head: SealHead): Buffer {
  const { id, sealedAt, fromId, toId, rows, previous, chain, ids, digests } = head;
  const place = Buffer.from(JSON.stringify([id, sealedAt, fromId, toId, rows]));
  return sha256(Buffer.concat([previous, chain, place, ids, digests]));
}

/**
 * Steps from one id to the next, the first from the one before `fromId`: zigzag (0, -1, 1, -2 … as 0, 1, 2, 3 …) in
 * little-endian groups of 7 bits, the high bit set where more follow. Neighbours take one byte.
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
