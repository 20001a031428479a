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

/** The first difference from what was sealed. `seal`: the id of the seal that it was found by. */
export type AuditFault =
  | { kind: 'row-changed' | 'row-removed' | 'row-inserted'; row: number; seal: number }
  /** The rows match the seal's digests but not its hash: a deliberate change. */
  | { kind: 'rows-changed'; seal: number }
  | { kind: 'seal-changed' | 'seal-removed' | 'seal-inserted'; seal: number }
  /** No seal has the expected hash: the newest seals were removed, or all of them were recomputed. */
  | { kind: 'hash-unknown'; hash: string };

export interface AuditReport {
  /** Null if everything is as it was sealed. */
  fault: AuditFault | null;
  /** The number of valid seals and rows before the fault, or in all. */
  seals: number;
  rows: number;
  /** The number of rows newer than the newest seal. Null if a fault was found in the rows or seals. */
  unsealed: number | null;
  /** Note its hash, to pass as `expect` later. Null if nothing is sealed or a fault was found. */
  newestSeal: { id: number; hash: string } | null;
}

/** A seal, and the rows of its range: at most one more than were sealed. */
export interface SealedBlock {
  seal: Seal;
  rows: readonly CanonicalRow[];
}

export interface SealedAudit {
  blocks: AsyncIterable<SealedBlock>;
  /** The number of rows after the last block. Called once all blocks were read. */
  unsealed(newest: SealEnd): Promise<number>;
}

/** The audit in the database, one block at a time. */
export function storedAudit(db: Queryable): SealedAudit {
  return { blocks: storedBlocks(db), unsealed: ({ toId }) => countAuditRows(db, toId) };
}

async function* storedBlocks(db: Queryable): AsyncGenerator<SealedBlock> {
  let last: Seal | null = null;
  for (;;) {
    const seal: Seal | null = await sealAfter(db, last?.id ?? null);
    if (!seal) return;
    const rows = await auditRows(db, last?.toId ?? null, seal.toId, maxRows(seal));
    yield { seal, rows };
    last = seal;
  }
}

/** One row more than were sealed: enough to find a difference, however many rows were inserted. */
export function maxRows({ digests }: Seal): number {
  return Math.floor(digests.length / DIGEST_BYTES) + 1;
}

/** Recomputes the seals, oldest first, and stops at the first fault. */
export async function verifyAudit(
  audit: SealedAudit,
  { expect }: { expect?: string } = {},
): Promise<AuditReport> {
  let last = BEFORE_FIRST;
  let rows = 0;
  let missing = expect?.toLowerCase();
  for await (const block of audit.blocks) {
    const fault = faultOfSeal(last, block.seal) ?? faultOfRows(block);
    if (fault) return { fault, seals: last.id, rows, unsealed: null, newestSeal: null };
    last = block.seal;
    rows += block.rows.length;
    if (last.hash.toString('hex') === missing) missing = undefined;
  }
  const unsealed = await audit.unsealed(last);
  const newestSeal = last.id === 0 ? null : { id: last.id, hash: last.hash.toString('hex') };
  const fault: AuditFault | null =
    missing === undefined ? null : { kind: 'hash-unknown', hash: missing };
  return { fault, seals: last.id, rows, unsealed, newestSeal: fault ? null : newestSeal };
}

/** Checks the seal itself first: only then can its list of digests be trusted. */
function faultOfSeal(last: SealEnd, seal: Seal): AuditFault | null {
  const expected = last.id + 1;
  if (seal.id > expected) return { kind: 'seal-removed', seal: expected };
  if (seal.id < expected) return { kind: 'seal-inserted', seal: seal.id };
  const valid =
    seal.fromId === last.toId + 1 &&
    seal.previous.equals(last.hash) &&
    seal.hash.equals(sealHash(seal));
  return valid ? null : { kind: 'seal-changed', seal: seal.id };
}

function faultOfRows({ seal, rows }: SealedBlock): AuditFault | null {
  if (seal.chain.equals(chainOf(seal.previous, rows))) return null;
  return firstDifference(seal, rows) ?? { kind: 'rows-changed', seal: seal.id };
}

/** Compares lists, since a forged row may share its id with another. */
function firstDifference(seal: Seal, rows: readonly CanonicalRow[]): AuditFault | null {
  const sealed = byId(digestsOf(seal));
  const found = byId(rows.map((row) => ({ id: row.id, digest: digest(row).toString('hex') })));
  const ids = [...new Set([...sealed.keys(), ...found.keys()])].toSorted((a, b) => a - b);
  for (const row of ids) {
    const expected = sealed.get(row) ?? [];
    const actual = found.get(row) ?? [];
    if (actual.length > expected.length) return { kind: 'row-inserted', row, seal: seal.id };
    if (actual.length < expected.length) return { kind: 'row-removed', row, seal: seal.id };
    if (actual.join() !== expected.join()) return { kind: 'row-changed', row, seal: seal.id };
  }
  return null;
}

interface Digested {
  id: number;
  digest: string;
}

function digestsOf({ fromId, ids, digests }: Seal): Digested[] {
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
