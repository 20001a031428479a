import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { auditPages, inOrder, lastAuditId, type CanonicalRow } from './canonical-row.ts';
import type { Seal } from './seal.ts';
import { sealAfter } from './seal-store.ts';
import { maxRows, verifyAudit, type AuditReport, type SealedBlock } from './verify.ts';

/**
 * NDJSON, in chunks of many lines: each seal as an object, followed by the rows of its range in their canonical form, as
 * arrays. The rows that are not sealed yet come last.
 */
export async function* exportAudit(db: Queryable): AsyncGenerator<string> {
  let last: Seal | null = null;
  for (;;) {
    const seal: Seal | null = await sealAfter(db, last?.id ?? null);
    if (!seal) break;
    yield `${sealLine(seal)}\n`;
    yield* rowLines(db, last?.toId ?? null, seal.toId);
    last = seal;
  }
  yield* rowLines(db, last?.toId ?? null, await lastAuditId(db));
}

async function* rowLines(
  db: Queryable,
  after: number | null,
  through: number,
): AsyncGenerator<string> {
  for await (const { rows } of auditPages(db, after, through)) {
    yield `${rows.map(({ text }) => text).join('\n')}\n`;
  }
}

function sealLine({ id, sealedAt, fromId, toId, rows, ...bytes }: Seal): string {
  return JSON.stringify({
    seal: id,
    sealedAt,
    fromId,
    toId,
    rows,
    previous: bytes.previous.toString('hex'),
    chain: bytes.chain.toString('hex'),
    hash: bytes.hash.toString('hex'),
    ids: bytes.ids.toString('base64'),
    digests: bytes.digests.toString('base64'),
  });
}

type SealLine = { seal: number } & Pick<Seal, 'sealedAt' | 'fromId' | 'toId' | 'rows'> &
  Record<'previous' | 'chain' | 'hash' | 'ids' | 'digests', string>;

function sealOf({ seal: id, sealedAt, fromId, toId, rows, ...text }: SealLine): Seal {
  return {
    id,
    sealedAt,
    fromId,
    toId,
    rows,
    previous: Buffer.from(text.previous, 'hex'),
    chain: Buffer.from(text.chain, 'hex'),
    hash: Buffer.from(text.hash, 'hex'),
    ids: Buffer.from(text.ids, 'base64'),
    digests: Buffer.from(text.digests, 'base64'),
  };
}

/** Verifies an export as `humdrum.verifyAudit` verifies the database. Errors: `input-invalid`, with the line. */
export async function verifyAuditExport(
  lines: AsyncIterable<string>,
  options: { expect?: string } = {},
): Promise<AuditReport> {
  const reader = new ExportReader(lines);
  return verifyAudit({ blocks: reader.blocks(), unsealed: async () => reader.unsealed }, options);
}

class ExportReader {
  /** Rows after the range of the last seal. */
  unsealed = 0;
  readonly #lines: AsyncIterable<string>;
  #line = 0;

  constructor(lines: AsyncIterable<string>) {
    this.#lines = lines;
  }

  async *blocks(): AsyncGenerator<SealedBlock> {
    let seal: Seal | null = null;
    let rows: CanonicalRow[] = [];
    for await (const text of this.#lines) {
      this.#line += 1;
      const line = this.#parse(text);
      if ('id' in line) {
        if (!seal || line.id > seal.toId) this.unsealed += 1;
        else if (rows.length < maxRows(seal)) rows.push(line);
        continue;
      }
      if (this.unsealed > 0) throw this.#invalid('is a seal after rows that are newer than it');
      if (seal) yield { seal, rows: inOrder(rows) };
      seal = sealOf(line);
      rows = [];
    }
    if (seal) yield { seal, rows: inOrder(rows) };
  }

  #parse(text: string): CanonicalRow | SealLine {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw this.#invalid('is not JSON');
    }
    if (Array.isArray(parsed) && Number.isInteger(parsed[0]))
      return { id: Number(parsed[0]), text };
    if (isSealLine(parsed)) return parsed;
    throw this.#invalid('is neither a row nor a seal');
  }

  #invalid(problem: string): HumdrumError {
    return new HumdrumError('input-invalid', `Line ${this.#line} of the export ${problem}.`);
  }
}

const NUMBERS = ['seal', 'fromId', 'toId', 'rows'];
const TEXTS = ['sealedAt', 'previous', 'chain', 'hash', 'ids', 'digests'];

function isSealLine(value: unknown): value is SealLine {
  if (typeof value !== 'object' || value === null) return false;
  const values = value as Record<string, unknown>;
  return (
    NUMBERS.every((name) => Number.isSafeInteger(values[name])) &&
    TEXTS.every((name) => typeof values[name] === 'string')
  );
}
