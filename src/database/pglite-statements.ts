import {
  parse as results,
  protocol,
  type ExecProtocolResult,
  type PGlite,
} from '@electric-sql/pglite';
import { PreparedStatements } from './prepared.ts';

interface Result<Row> {
  rows: Row[];
  command?: string;
}

type Messages = ExecProtocolResult['messages'];

/** What the database has reported about a statement. */
interface Known {
  /** Name of the prepared statement, or empty. */
  readonly name: string;
  /** Type OIDs of the parameters. */
  readonly types: readonly number[];
  /** The row description, for a prepared statement. */
  readonly described: Messages;
}

const { bind, close, describe, execute, parse, sync } = protocol.serialize;

const MOST_KNOWN = 1_000;

/** Commands that change no definition, so that cached descriptions stay valid. */
const HARMLESS = new Set(
  'SELECT INSERT UPDATE DELETE MERGE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE'.split(' '),
);

/**
 * Runs statements on PGlite with one protocol message where PGlite's own `query` sends six. Statements that begin with
 * PREPARED are parsed and planned only once, which is most of the cost of the engine's small statements. Only for the sole user
 * of an instance.
 */
export class PgliteStatements {
  readonly #pglite: PGlite;
  readonly #known = new Map<string, Known>();
  readonly #prepared = new PreparedStatements(true);
  /** Whether a definition changed since the last BEGIN. */
  #changed = false;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query<Row>(sql: string, params: unknown[] = []): Promise<Result<Row>> {
    const messages = await this.#pglite.runExclusive(() => this.#ask(sql, params));
    const [result] = results.parseResults(messages, this.#pglite.parsers);
    this.#noteCommand(result?.command ?? '');
    // The caller states the row type. It is not checked.
    return {
      rows: (result?.rows ?? []) as Row[],
      ...(result?.command && { command: result.command }),
    };
  }

  async script(sql: string): Promise<void> {
    await this.#pglite.exec(sql).finally(() => this.#noteCommand(''));
  }

  /** Clears cached descriptions after a command that changes a definition, or rolls such a change back. */
  #noteCommand(command: string): void {
    const changes = !HARMLESS.has(command);
    if (changes || command === 'BEGIN') this.#changed = changes;
    if (changes || (command === 'ROLLBACK' && this.#changed)) this.#known.clear();
  }

  async #ask(sql: string, params: unknown[]): Promise<Messages> {
    const known = this.#known.get(sql);
    if (known) {
      const reparse = known.name === '' ? [parse({ text: sql })] : [];
      const replies = await this.#send(...reparse, ...this.#run(known, params), sync());
      return [...known.described, ...replies];
    }
    try {
      const learned = await this.#learn(sql);
      return [...learned.described, ...(await this.#send(...this.#run(learned, params)))];
    } finally {
      await this.#send(sync());
    }
  }

  async #learn(sql: string): Promise<Known> {
    const name = this.#prepared.nameOf(sql) ?? '';
    // The statement may exist already, from before the cache was cleared.
    const closeOld = name === '' ? [] : [close({ type: 'S', name })];
    const replies = await this.#send(
      ...closeOld,
      parse({ text: sql, name }),
      describe({ type: 'S', name }),
    );
    const types = results.parseDescribeStatementResults(replies);
    const described = replies.filter((message) => message.name === 'rowDescription');
    const known = { name, types, described: name === '' ? [] : described };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(sql, known);
    return known;
  }

  #run({ name, types }: Known, params: unknown[]): Uint8Array[] {
    const values = params.map((param, at) => this.#toText(param, types[at] ?? 0));
    const portal = name === '' ? [describe({ type: 'P' })] : [];
    return [bind({ statement: name, values }), ...portal, execute({})];
  }

  #toText(param: unknown, type: number): string | null {
    if (param === null || param === undefined) return null;
    const serialize = this.#pglite.serializers[type] ?? String;
    return serialize(param);
  }

  async #send(...parts: Uint8Array[]): Promise<Messages> {
    const { messages } = await this.#pglite.execProtocol(Buffer.concat(parts));
    return messages;
  }
}
