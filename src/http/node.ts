import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

/**
 * For `http.createServer`, Express and Fastify. It reads the body itself: nothing before it may have, and the path is the whole
 * one, with what it is mounted at.
 */
export function nodeListener(
  app: Hono,
): (request: IncomingMessage, response: ServerResponse) => void {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}
