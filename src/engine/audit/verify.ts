import type { Queryable } from '../../database/database.ts';
import { auditRows, countAuditRows, type CanonicalRow } from './canonical-row.ts';
import {
  BEFORE_FIRST,
  chainOf,
  digest,
  DIGEST_BYTES,
  sealHash,
  unpackIds,
  type Seal,
  type SealEnd,
} from './seal.ts';
import { sealAfter } from './seal-store.ts';

/** The first thing that is not as it was sealed. `seal` is the number of the seal that says so. */
export type AuditFault =
  | { kind: 'row-changed' | 'row-removed' | 'row-inserted'; row: number; seal: number }
  /** The rows agree with the seal's list of them and not with its hash: that is no accident. */
  | { kind: 'rows-changed'; seal: number }
  | { kind: 'seal-changed' | 'seal-removed' | 'seal-inserted'; seal: number }
  /** No seal has the hash that was expected: the newest have been removed, or all were made anew. */
  | { kind: 'hash-unknown'; hash: string };

export interface AuditReport {
  /** Null: everything is as it was sealed. */
  fault: AuditFault | null;
  /** Seals and rows that were found to be right, up to the fault where there is one. */
  seals: number;
  rows: number;
  /** Rows that are newer than the newest seal. Null where a fault was found before. */
  unsealed: number | null;
  /** For noting: `expect` finds it again. Null where nothing is sealed, or a fault was found. */
  newestSeal: { id: number; hash: string } | null;
}

/** A seal, and the rows of its range: all of them, or one more than it has if there are so many. */
export interface SealedBlock {
  seal: Seal;
  rows: readonly CanonicalRow[];
}

export interface SealedAudit {
  blocks: AsyncIterable<SealedBlock>;
  /** How many rows follow the last block. Asked when all blocks have been read. */
  unsealed(newest: SealEnd): Promise<number>;
}

/** What is in the database, a block at a time. */
export function storedAudit(db: Queryable): SealedAudit {
  return { blocks: storedBlocks(db), unsealed: ({ toId }) => countAuditRows(db, toId) };
}

async function* storedBlocks(db: Queryable): AsyncGenerator<SealedBlock> {
  let last: Seal | null = null;
  for (;;) {
    const seal: Seal | null = await sealAfter(db, last?.id ?? null);
    if (!seal) return;
    const rows = await auditRows(db, last?.toId ?? null, seal.toId, mostRows(seal));
    yield { seal, rows };
    last = seal;
  }
}

/** Enough to find a difference, however many rows there are. */
export function mostRows({ digests }: Seal): number {
  return Math.floor(digests.length / DIGEST_BYTES) + 1;
}

/** Recomputes the seals, oldest first, to the first fault. */
export async function verifyAudit(
  audit: SealedAudit,
  { expect }: { expect?: string } = {},
): Promise<AuditReport> {
  let last = BEFORE_FIRST;
  let rows = 0;
  let awaited = expect?.toLowerCase();
  for await (const block of audit.blocks) {
    const fault = faultOfSeal(last, block.seal) ?? faultOfRows(block);
    if (fault) return { fault, seals: last.id, rows, unsealed: null, newestSeal: null };
    last = block.seal;
    rows += block.rows.length;
    if (last.hash.toString('hex') === awaited) awaited = undefined;
  }
  const unsealed = await audit.unsealed(last);
  const newestSeal = last.id === 0 ? null : { id: last.id, hash: last.hash.toString('hex') };
  const fault: AuditFault | null =
    awaited === undefined ? null : { kind: 'hash-unknown', hash: awaited };
  return { fault, seals: last.id, rows, unsealed, newestSeal: fault ? null : newestSeal };
}

/** A seal vouches for all that it says, so that what is found by its list of rows is true. */
function faultOfSeal(last: SealEnd, seal: Seal): AuditFault | null {
  const expected = last.id + 1;
  if (seal.id > expected) return { kind: 'seal-removed', seal: expected };
  if (seal.id < expected) return { kind: 'seal-inserted', seal: seal.id };
  const right =
    seal.fromId === last.toId + 1 &&
    seal.previous.equals(last.hash) &&
    seal.hash.equals(sealHash(seal));
  return right ? null : { kind: 'seal-changed', seal: seal.id };
}

function faultOfRows({ seal, rows }: SealedBlock): AuditFault | null {
  if (seal.chain.equals(chainOf(seal.previous, rows))) return null;
  return firstDifference(seal, rows) ?? { kind: 'rows-changed', seal: seal.id };
}

/** Both lists are in order of ids. An id has one row, unless somebody forged another. */
function firstDifference(seal: Seal, rows: readonly CanonicalRow[]): AuditFault | null {
  const sealed = byId(listOf(seal));
  const found = byId(rows.map((row) => ({ id: row.id, digest: digest(row).toString('hex') })));
  const ids = [...new Set([...sealed.keys(), ...found.keys()])].toSorted((a, b) => a - b);
  for (const row of ids) {
    const was = sealed.get(row) ?? [];
    const is = found.get(row) ?? [];
    if (is.length > was.length) return { kind: 'row-inserted', row, seal: seal.id };
    if (is.length < was.length) return { kind: 'row-removed', row, seal: seal.id };
    if (is.join() !== was.join()) return { kind: 'row-changed', row, seal: seal.id };
  }
  return null;
}

interface Digested {
  id: number;
  digest: string;
}

function listOf({ fromId, ids, digests }: Seal): Digested[] {
  return unpackIds(fromId, ids).map((id, index) => ({
    id,
    digest: digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
  }));
}

function byId(rows: readonly Digested[]): Map<number, string[]> {
  const map = new Map<number, string[]>();
  for (const { id, digest: one } of rows) map.set(id, [...(map.get(id) ?? []), one]);
  return map;
}
