import { isIP } from 'node:net';
import type { Context } from 'hono';

/** The client address and the public origin of a request. */
export interface Peer {
  /** An IP address, or `unknown` if the server does not provide it. */
  readonly address: string;
  readonly https: boolean;
  /** The origin of this server as the caller sees it: `https://jobs.example.com`. */
  readonly origin: string;
}

/** `proxies`: number of trusted proxies. Each appends one entry to these headers. Earlier entries come from the caller and are ignored. */
export function peerOf(c: Context, proxies: number): Peer {
  const url = new URL(c.req.url);
  const forwarded = (header: string): string | undefined => {
    if (proxies === 0) return undefined;
    const entries = c.req.header(header)?.split(',');
    return entries?.at(-Math.min(proxies, entries.length))?.trim();
  };
  const https = (forwarded('x-forwarded-proto') ?? url.protocol.slice(0, -1)) === 'https';
  const host = forwarded('x-forwarded-host') ?? c.req.header('host') ?? url.host;
  return {
    address: addressIn(forwarded('x-forwarded-for')) ?? addressIn(socketOf(c)) ?? 'unknown',
    https,
    origin: originOf(`${https ? 'https' : 'http'}://${host}`),
  };
}

/** Reads `203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::1]:4711`, `::ffff:203.0.113.7`. */
function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bare = /^\[([^\]]+)\]/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) > 0 ? address : undefined;
}

/** The socket address, if Node serves the app. */
function socketOf(c: Context): string | undefined {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'null';
}
