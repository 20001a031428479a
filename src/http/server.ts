import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { HumdrumError } from '../errors.ts';

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves at an address of this machine, on loopback if none is given. `port` 0 takes a free one. Errors: `port-in-use`, `config-invalid`. */
export async function listen(app: Hono, port: number, hostname = '127.0.0.1'): Promise<Server> {
  const server = serve({ fetch: app.fetch, hostname, port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) => reject(said(cause, hostname, port)));
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

function said(cause: NodeJS.ErrnoException, hostname: string, port: number): Error {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new HumdrumError(
        'port-in-use',
        `Port ${port} is taken by another program. Choose one with --port, or 0 for any.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new HumdrumError(
        'config-invalid',
        `This machine has no address ${hostname}. --host 0.0.0.0 listens at all that it has.`,
        { cause },
      );
    default:
      return cause;
  }
}
