import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Answer } from './plan.ts';

/** How the statement of an answer is known in what a client sends. */
const STATEMENTS: Record<Answer, RegExp> = {
  commit: /^commit\b/i,
  settle: /insert into humdrum\.attempt\b/,
  claim: /insert into humdrum\.lease\b/,
  heartbeat: /^update humdrum\.worker\b/,
  enqueue: /insert into humdrum\.job\b/,
};

interface Fault {
  of: Answer;
  struck: () => void;
}

/**
 * A road to PostgreSQL that can lose one answer: the statement has its effect, and its sender never hears of it. Or it holds
 * one statement back, and with it all that is on the road, and carries them on when their time is over.
 */
export class Proxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #dropping: Fault | null = null;
  #holding: (Fault & { forMs: number }) | null = null;
  /** Ends when the road is open: what comes while it is shut waits for that, in order. */
  #open: Promise<void> | null = null;
  #reopen = (): void => undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async to(target: { host: string; port: number }, host = '127.0.0.1'): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const proxy = new Proxy(server);
    server.on('connection', (client) => proxy.#carry(client, connect(target)));
    return proxy;
  }

  /** Cuts the connection that is next to get such an answer, and keeps the answer. A later call takes the place of an earlier. */
  dropNext(of: Answer, struck: () => void): void {
    this.#dropping = { of, struck };
  }

  /** Shuts the road when the next such statement is on it. */
  holdNext(of: Answer, forMs: number, struck: () => void): void {
    this.#holding = { of, forMs, struck };
  }

  /** Strikes no more, and opens the road. */
  leaveAlone(): void {
    this.#dropping = null;
    this.#holding = null;
    this.#reopen();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #carry(client: Socket, server: Socket): void {
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    let doomed = false;
    let chunk: Buffer = Buffer.alloc(0);
    const reader = new StatementReader((statement, at) => {
      if (isMeant(this.#holding, statement)) {
        // What was sent together with it, and comes before it, arrives.
        this.#pass(chunk.subarray(0, at), client, server);
        chunk = chunk.subarray(at);
        this.#shut(this.#holding);
      }
      if (!isMeant(this.#dropping, statement)) return;
      this.#dropping.struck();
      this.#dropping = null;
      doomed = true;
    });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    server.on('close', cut);
    // What the client sent before it closed still arrives, however long it is held back.
    client.on('close', () => {
      if (this.#open) void this.#open.then(() => server.end());
      else server.end();
    });
    client.on('data', (sent: Buffer) => {
      chunk = sent;
      reader.read(sent);
      this.#pass(chunk, client, server);
    });
    server.on('data', (answer: Buffer) => {
      // It answers when the statement is done: a commit is durable, and nobody will say so.
      if (doomed) cut();
      else this.#pass(answer, server, client);
    });
  }

  #shut({ forMs, struck }: Fault & { forMs: number }): void {
    struck();
    this.#holding = null;
    this.#open = new Promise<void>((reopen) => {
      this.#reopen = reopen;
      setTimeout(reopen, forMs).unref();
    }).then(() => {
      this.#open = null;
    });
  }

  #pass(chunk: Buffer, from: Socket, to: Socket): void {
    if (this.#open) {
      from.pause();
      void this.#open.then(() => {
        this.#pass(chunk, from, to);
        from.resume();
      });
    } else if (!to.destroyed && !to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  }
}

function isMeant<F extends Fault>(fault: F | null, statement: string): fault is F {
  return fault !== null && STATEMENTS[fault.of].test(statement);
}

const QUERY = 'Q'.charCodeAt(0);
const PARSE = 'P'.charCodeAt(0);
const BIND = 'B'.charCodeAt(0);
const LONGEST_READ = 8_192;

/** Finds the statements in what a client sends: messages of a type byte, four bytes of length, and a body; the first has no type. */
export class StatementReader {
  readonly #found: (statement: string, at: number) => void;
  /** Prepared statements: sent once, and then bound by their names. */
  readonly #named = new Map<string, string>();
  #rest: Buffer = Buffer.alloc(0);
  #skip = 0;
  #started = false;

  /** `at`: where its message begins in what is being read, 0 if it began before. */
  constructor(found: (statement: string, at: number) => void) {
    this.#found = found;
  }

  read(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      const skipped = Math.min(this.#skip, data.length);
      this.#skip -= skipped;
      data = data.subarray(skipped);
      const header = this.#started ? 5 : 4;
      if (this.#skip > 0 || data.length < header) break;
      const length = data.readUInt32BE(header - 4) + header - 4;
      const type = this.#started ? data[0] : 0;
      // The beginning of a statement is enough, and must be there in one piece.
      const wanted = isRead(type) ? Math.min(length, LONGEST_READ) : header;
      if (data.length < wanted) break;
      const statement = isRead(type)
        ? this.#statementOf(type, data.toString('utf8', header, wanted))
        : null;
      if (statement !== null) this.#found(statement, Math.max(0, chunk.length - data.length));
      this.#started = true;
      this.#skip = length;
    }
    this.#rest = Buffer.from(data);
  }

  /** Null for a Parse that gives a name, and for the Bind of what was told with its Parse. */
  #statementOf(type: number | undefined, body: string): string | null {
    const [first = '', second = ''] = body.split('\0');
    if (type === QUERY || (type === PARSE && first === '')) return (first || second).trim();
    if (type === BIND) return this.#named.get(second) ?? null;
    this.#named.set(first, second.trim());
    return null;
  }
}

/** Of a Parse the name comes first, of a Bind the portal and then the name. Unnamed ones are empty. */
function isRead(type: number | undefined): boolean {
  return type === QUERY || type === PARSE || type === BIND;
}
