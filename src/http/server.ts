import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { HumdrumError } from '../errors.ts';

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an HTTP server. `port` 0 picks a free port. Errors: `port-in-use`, `config-invalid`. */
export async function listen(app: Hono, port: number, hostname = '127.0.0.1'): Promise<Server> {
  const server = serve({ fetch: app.fetch, hostname, port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(listenError(cause, hostname, port)),
    );
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function listenError(cause: NodeJS.ErrnoException, hostname: string, port: number): Error {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new HumdrumError(
        'port-in-use',
        `Port ${port} is in use by another program. Choose another with --port, or 0 for any free one.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HumdrumError(
        'config-invalid',
        `This machine has no address ${hostname}. Use --host 0.0.0.0 to listen on all addresses.`,
        { cause },
      );
    default:
      return cause;
  }
}
