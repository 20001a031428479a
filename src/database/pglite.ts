import { PGlite } from '@electric-sql/pglite';
import { errorMessage, HumdrumError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import type {
  ConnectionUse,
  Database,
  Listening,
  OpenTransaction,
  Transaction,
} from './database.ts';
import { lockFolder, type FolderLock } from './folder-lock.ts';
import { inFolder, requireDatabase } from './pglite-folder.ts';
import { PgliteStatements } from './pglite-statements.ts';
import { newDatabase } from './pglite-template.ts';
import { beginOn, queryWithin, runTransaction, type Connection } from './transaction.ts';

export interface PgliteOptions {
  /** Folder of the data. Default: in memory, lost when closed. */
  folder?: string;
  /** False: only a database that exists is opened, and a folder without one is refused. Default: true. */
  create?: boolean;
  /** A data folder from `dumpDataDir` to start from. */
  loadDataDir?: Blob;
  /** An instance that your program opened and also uses, in the same thread and with the default parsers. Closing it is up to you. */
  instance?: PGlite;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** PGlite initialises all buffers when it opens. A quarter of the default 128 MB opens half a second faster. */
const BUFFERS = ['-c', 'shared_buffers=32MB'];

/** The migrations in a template date from when the package was built. */
const APPLIED_NOW = 'update humdrum.migration set applied_at = clock_timestamp()';

/**
 * Opens PostgreSQL in-process. Errors: `database-locked` if another process uses the folder, `database-missing`,
 * `database-unreachable`.
 */
export async function openPglite(options: PgliteOptions = {}): Promise<PgliteDatabase> {
  const { folder, create = true, loadDataDir, instance } = options;
  if (instance) return new PgliteDatabase(instance, null, true);
  const open = async (isNew: boolean): Promise<PGlite> => {
    const template = isNew && !loadDataDir ? await newDatabase() : undefined;
    const data = loadDataDir ?? template;
    const pglite = await PGlite.create({
      ...(folder === undefined ? {} : { dataDir: folder }),
      ...(data && { loadDataDir: data }),
      parsers: { [INT8]: Number, [TIMESTAMPTZ]: dateOf },
      startParams: [...PGlite.defaultStartParams, ...BUFFERS],
    });
    if (template) await pglite.exec(APPLIED_NOW);
    return pglite;
  };
  if (folder === undefined) return new PgliteDatabase(await open(true), null);
  const lock = await takeFolder(folder, create);
  try {
    return new PgliteDatabase(await inFolder(folder, create, open), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Of other formats than ISO 8601, JavaScript takes the years 1 to 99 for those of a century that it knows. */
function dateOf(text: string): Date {
  return new Date(
    text.startsWith('00') ? text.replace(' ', 'T').replace(/[+-]\d\d$/, '$&:00') : text,
  );
}

async function takeFolder(folder: string, create: boolean): Promise<FolderLock> {
  try {
    if (create) await makeFolder(folder);
    else await requireDatabase(folder);
    return await lockFolder(folder);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new HumdrumError(
      'database-unreachable',
      `Cannot open the embedded database in ${folder}: ${errorMessage(cause)}. Name a folder that this user can write to, with --database or DATABASE_URL.`,
      { cause },
    );
  }
}

export class PgliteDatabase implements Database {
  readonly backend = 'pglite';
  readonly exclusive = true;
  readonly connections = 1;
  readonly #pglite: PGlite;
  readonly #lock: FolderLock | null;
  /** The program also uses the instance, and closes it. */
  readonly #shared: boolean;
  readonly #statements: Pick<Connection, 'query' | 'script'>;
  #turn: Promise<void> = Promise.resolve();
  /** Callers that hold the connection or wait for it. */
  #callers = 0;
  #closed = false;
  /** The folder was removed or replaced: nothing may be written any more. */
  #lostBy: HumdrumError | null = null;

  constructor(pglite: PGlite, lock: FolderLock | null, shared = false) {
    this.#pglite = pglite;
    this.#lock = lock;
    this.#shared = shared;
    void lock?.lost.then((error) => (this.#lostBy = error));
    this.#statements = shared ? plainly(pglite) : new PgliteStatements(pglite);
  }

  get lost(): Promise<HumdrumError> | undefined {
    return this.#lock?.lost;
  }

  connectionUse(): ConnectionUse {
    const busy = Math.min(this.#callers, 1);
    return { busy, idle: 1 - busy, waiting: this.#callers - busy };
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    return queryWithin<Row>(this, (text, values) => this.#alone(text, values), sql, params);
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return runTransaction(this, fn);
  }

  async begin(): Promise<OpenTransaction> {
    const connection = await this.#acquire();
    return beginOn(this, this.#shared ? await holdInstance(this.#pglite, connection) : connection);
  }

  /** There is no network that could lose a reply. */
  within(): Database {
    return this;
  }

  /** It has one connection. */
  own(): Database {
    return this;
  }

  /** A second thread cannot open it. */
  beat(): null {
    return null;
  }

  reconnect(): void {
    // There is no network.
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<Listening> {
    const stop = await this.#pglite.listen(channel, heard);
    return { direct: true, stop: () => stop() };
  }

  /** The whole data folder as a tar file, for `loadDataDir`. */
  async dumpDataDir(): Promise<Blob> {
    return this.#pglite.dumpDataDir('none');
  }

  /** Moves the database to a new object. This one then behaves as closed. */
  async handOver(): Promise<PgliteDatabase> {
    const connection = await this.#acquire();
    this.#closed = true;
    connection.release();
    return new PgliteDatabase(this.#pglite, this.#lock, this.#shared);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const connection = await this.#acquire();
    this.#closed = true;
    // Closing writes a checkpoint.
    if (!this.#shared && !this.#lostBy) await this.#pglite.close();
    await this.#lock?.release();
    connection.release();
  }

  async #alone<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    const connection = await this.#acquire();
    try {
      return await connection.query<Row>(sql, params);
    } finally {
      connection.release();
    }
  }

  /** Acquires the only connection, first come, first served. */
  async #acquire(): Promise<Connection> {
    const before = this.#turn;
    let release = (): void => undefined;
    this.#callers += 1;
    this.#turn = new Promise((resolve) => {
      release = () => {
        this.#callers -= 1;
        resolve();
      };
    });
    await before;
    // PGlite replies within the same turn of the event loop: without this, a busy loop of queries would starve timers and signals.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#closed) {
      release();
      throw new HumdrumError('database-closed', 'The embedded database has been closed.');
    }
    const statements = this.#statements;
    return {
      query: async (sql, params) => {
        this.#refuseLost();
        return statements.query(sql, params);
      },
      script: async (sql) => {
        this.#refuseLost();
        return statements.script(sql);
      },
      release,
    };
  }

  #refuseLost(): void {
    if (this.#lostBy) throw this.#lostBy;
  }
}

/**
 * Locks a shared instance for one transaction. Only a transaction of PGlite's own does that, and it has already sent BEGIN: our
 * BEGIN inside it, and its COMMIT after ours, only cause warnings, which are discarded.
 */
async function holdInstance(pglite: PGlite, connection: Connection): Promise<Connection> {
  let begun = (_held: Connection): void => undefined;
  const held = new Promise<Connection>((resolve) => (begun = resolve));
  const whole = pglite.transaction(
    (tx) =>
      new Promise<void>((end) => {
        begun({
          ...plainly(tx),
          release: () => {
            end();
            connection.release();
          },
        });
      }),
  );
  try {
    return await Promise.race([held, whole.then(() => held)]);
  } catch (error) {
    connection.release();
    throw error;
  } finally {
    whole.catch(() => undefined); // Our COMMIT has run by then, so a failure of PGlite's own loses nothing.
  }
}

/** Uses PGlite's own `query` and `exec`, which are safe between the statements of other users of the instance. */
function plainly(on: Pick<PGlite, 'query' | 'exec'>): Pick<Connection, 'query' | 'script'> {
  return {
    query: (sql, params) => on.query(sql, params),
    script: async (sql) => void (await on.exec(sql)),
  };
}
