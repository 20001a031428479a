import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An HTTP server that keeps what it is sent, and answers as it is told. Gone when the test ends. */
export class Receiver {
  readonly received: Received[] = [];
  /** What the next requests are answered. */
  status = 204;
  answer = '';
  headers: Record<string, string> = {};
  #url = '';

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    const server = createServer((request, response) => {
      void receiver.#take(request).then(() => {
        response.writeHead(receiver.status, receiver.headers).end(receiver.answer);
      });
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    receiver.#url = `http://127.0.0.1:${port}`;
    return receiver;
  }

  get url(): string {
    return this.#url;
  }

  async #take(request: IncomingMessage): Promise<void> {
    const body = await text(request);
    this.received.push({ path: request.url ?? '', headers: request.headers, body });
  }
}

/** A port that takes what comes and never says a word. */
export async function hangingPort(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.resume().on('error', () => undefined));
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return port;
}

/** A mail server: `mails` is what it has taken. */
export async function mailServer(
  login?: { user: string; password: string },
  { unknown }: { unknown?: string } = {},
): Promise<{ port: number; mails: ParsedMail[]; recipients: string[] }> {
  const mails: ParsedMail[] = [];
  const recipients: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', ...(login ? [] : ['AUTH'])],
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      const right = username === login?.user && password === login?.password;
      done(right ? null : new Error('no such user'), right ? { user: username } : undefined);
    },
    onRcptTo({ address }, _session, done) {
      const refusal = Object.assign(new Error('No such user here'), { responseCode: 550 });
      done(address === unknown ? refusal : null);
    },
    onData(stream, { envelope }, done) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        recipients.push(...envelope.rcptTo.map(({ address }) => address));
        setImmediate(done);
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () =>
      resolve((listening.address() as AddressInfo).port),
    );
  });
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port, mails, recipients };
}
