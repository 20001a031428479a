import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

/**
 * A listener for `http.createServer`, Express and Fastify. It reads the body itself, so no middleware before it may. It expects
 * the full path, including the mount path.
 */
export function nodeListener(
  app: Hono,
): (request: IncomingMessage, response: ServerResponse) => void {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}
