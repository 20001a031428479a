import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { HumdrumError } from '../errors.ts';

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves, on loopback if nothing else is said. `port` 0 takes a free one. Errors: `port-in-use`. */
export async function listen(app: Hono, port: number, hostname = '127.0.0.1'): Promise<Server> {
  const server = serve({ fetch: app.fetch, hostname, port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        taken
          ? new HumdrumError(
              'port-in-use',
              `Port ${port} is taken by another program. Choose one with --port, or 0 for any.`,
              { cause },
            )
          : cause,
      );
    });
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${hostname}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
