import {
  parse as answers,
  protocol,
  type ExecProtocolResult,
  type PGlite,
} from '@electric-sql/pglite';
import { PreparedStatements } from './prepared.ts';

interface Answer<Row> {
  rows: Row[];
  command?: string;
}

type Messages = ExecProtocolResult['messages'];

/** What the database has told of a statement. */
interface Known {
  /** Of a prepared statement, else empty. */
  readonly name: string;
  /** The types of its parameters. */
  readonly types: readonly number[];
  /** What it answers, where that cannot change. */
  readonly described: Messages;
}

const { bind, close, describe, execute, parse, sync } = protocol.serialize;

const MOST_KNOWN = 1_000;

/** What changes no definition, so that all that is known stays true. */
const HARMLESS = new Set(
  'SELECT INSERT UPDATE DELETE MERGE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE'.split(' '),
);

/**
 * Asks PGlite in one message what its own `query` asks in six, and has it parse and plan only once what begins with
 * PREPARED: on such small statements as the engine's most of the time goes there. For the only user of an instance.
 */
export class PgliteStatements {
  readonly #pglite: PGlite;
  readonly #known = new Map<string, Known>();
  readonly #prepared = new PreparedStatements(true);
  /** Some definition has, since the last BEGIN. */
  #changed = false;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query<Row>(sql: string, params: unknown[] = []): Promise<Answer<Row>> {
    const messages = await this.#pglite.runExclusive(() => this.#ask(sql, params));
    const [answer] = answers.parseResults(messages, this.#pglite.parsers);
    this.#heed(answer?.command ?? '');
    // The row type is the caller's word for what the statement returns, as everywhere with SQL.
    return {
      rows: (answer?.rows ?? []) as Row[],
      ...(answer?.command && { command: answer.command }),
    };
  }

  async script(sql: string): Promise<void> {
    await this.#pglite.exec(sql).finally(() => this.#heed(''));
  }

  /** Forgets what a definition that has changed, or changed back, may have made untrue. */
  #heed(command: string): void {
    const changes = !HARMLESS.has(command);
    if (changes || command === 'BEGIN') this.#changed = changes;
    if (changes || (command === 'ROLLBACK' && this.#changed)) this.#known.clear();
  }

  async #ask(sql: string, params: unknown[]): Promise<Messages> {
    const known = this.#known.get(sql);
    if (known) {
      const again = known.name === '' ? [parse({ text: sql })] : [];
      const told = await this.#send(...again, ...this.#run(known, params), sync());
      return [...known.described, ...told];
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
    // It may be there already: from before a definition was changed.
    const anew = name === '' ? [] : [close({ type: 'S', name })];
    const told = await this.#send(
      ...anew,
      parse({ text: sql, name }),
      describe({ type: 'S', name }),
    );
    const types = answers.parseDescribeStatementResults(told);
    const described = told.filter((message) => message.name === 'rowDescription');
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
