import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError } from '../errors.ts';
import { bodyOf } from './body.ts';
import type { Asked, Endpoint } from './contract/endpoint.ts';
import { mayAct } from './contract/role.ts';
import type { Identify, Identity } from './identity.ts';
import { readAs } from './refused-value.ts';
import { refuseCrossSite } from './same-origin.ts';
import type { Signer } from './signer.ts';

/** What an endpoint's handler is given: what was asked, checked, by whom, and all that it is served with. */
export interface Call<E extends Endpoint> extends Asked<E>, Services {
  readonly identity: Identity;
  readonly request: Request;
}

/** What all routes are served with. */
export interface Services {
  readonly humdrum: Humdrum;
  readonly identify: Identify;
  /** Where the API begins: the path that the app is mounted at, with `/api/v1`. */
  readonly base: string;
  readonly signer: Signer;
}

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (c: Context, services: Services) => Promise<Response>;
}

/** Nobody: who calls an endpoint that is for anyone. */
const ANYONE: Identity = { actor: 'http', role: 'viewer', ambient: false };

/** An endpoint with what it does. The answer is checked against its schema too. */
export function route<E extends Endpoint>(
  endpoint: E,
  answer: (call: Call<E>) => Promise<z.output<E['answer']>>,
): Route {
  return {
    endpoint,
    handle: async (c, services) => {
      const said = z.encode(endpoint.answer, await answer(await callOf(c, endpoint, services)));
      const body = endpoint.envelope === 'whole' ? said : { success: true, data: said };
      return c.json(body as object, endpoint.status);
    },
  };
}

/** An endpoint whose answer is no JSON document: a file, or lines as they come. */
export function stream<E extends Endpoint>(
  endpoint: E,
  answer: (call: Call<E>) => Promise<Response>,
): Route {
  return {
    endpoint,
    handle: async (c, services) => answer(await callOf(c, endpoint, services)),
  };
}

export function mount(app: Hono, base: string, routes: readonly Route[], services: Services): void {
  for (const { endpoint, handle } of routes) {
    const path = `${base}${endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    app.on(endpoint.method, path, (c) => handle(c, services));
  }
}

async function callOf<E extends Endpoint>(
  c: Context,
  endpoint: E,
  services: Services,
): Promise<Call<E>> {
  const request = c.req.raw;
  const identity = await allowed(request, endpoint, services.identify);
  const params = readAs(endpoint.params, c.req.param(), 'The path');
  const query = readAs(endpoint.query, queryOf(request), 'The query');
  const body =
    endpoint.body === null ? undefined : readAs(endpoint.body, await bodyOf(request), 'The body');
  return { ...services, params, query, body, identity, request } as Call<E>;
}

/** Errors: `unauthenticated`, `role-insufficient`, `request-refused`. */
export async function allowed(
  request: Request,
  { role, method }: Pick<Endpoint, 'role' | 'method'>,
  identify: Services['identify'],
): Promise<Identity> {
  const identity = await identify(request);
  if (role === 'anyone') return identity ?? ANYONE;
  if (!identity) {
    throw new HumdrumError(
      'unauthenticated',
      'Who are you? Send a key (Authorization: Bearer …), or log in.',
    );
  }
  if (method !== 'GET' && identity.ambient) refuseCrossSite(request);
  if (mayAct(identity.role, role)) return identity;
  throw new HumdrumError(
    'role-insufficient',
    `This takes the role ${role}, and ${identity.actor} has the role ${identity.role}.`,
  );
}

/** A parameter that is given once is text, and one that is given more often a list. */
function queryOf({ url }: Request): Record<string, string | string[]> {
  const { searchParams } = new URL(url);
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => {
      const values = searchParams.getAll(name);
      const [first = ''] = values;
      return [name, values.length > 1 ? values : first];
    }),
  );
}
