import { isIP } from 'node:net';
import type { Context } from 'hono';

/** Where a request comes from, and by what road. */
export interface Peer {
  /** An IP address; `unknown` where whoever serves the app does not tell. */
  readonly address: string;
  readonly https: boolean;
  /** Of this server, as the caller sees it: `https://jobs.example.com`. */
  readonly origin: string;
}

/** `proxies`: how many of ours stand in front. Each adds a word to these headers; what stands before is the caller's invention. */
export function peerOf(c: Context, proxies: number): Peer {
  const url = new URL(c.req.url);
  const told = (header: string): string | undefined => {
    if (proxies === 0) return undefined;
    const words = c.req.header(header)?.split(',');
    return words?.at(-Math.min(proxies, words.length))?.trim();
  };
  const https = (told('x-forwarded-proto') ?? url.protocol.slice(0, -1)) === 'https';
  const host = told('x-forwarded-host') ?? c.req.header('host') ?? url.host;
  return {
    address: addressIn(told('x-forwarded-for')) ?? addressIn(socketOf(c)) ?? 'unknown',
    https,
    origin: originOf(`${https ? 'https' : 'http'}://${host}`),
  };
}

/** Of `203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::1]:4711`, `::ffff:203.0.113.7`. */
function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bare = /^\[([^\]]+)\]/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) > 0 ? address : undefined;
}

/** Where Node serves the app. */
function socketOf(c: Context): string | undefined {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'null';
}
