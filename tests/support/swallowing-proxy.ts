import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** The way to a PostgreSQL server through a firewall that can forget its connections. */
export interface SwallowingProxy {
  url: string;
  /** The connections of now stay open and carry nothing any more. New ones are refused until `readmit`. */
  swallow(admitting: 'new' | 'none'): void;
}

export async function swallowingProxy(url: string): Promise<SwallowingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let admitting: 'new' | 'none' = 'new';
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    if (admitting === 'none') return;
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    sockets.add(upstream);
    upstream.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    swallow(next) {
      admitting = next;
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners('close');
        socket.pause();
      }
    },
  };
}
