import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { actorFrom } from '../access/login.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError } from '../errors.ts';
import type { AccessOptions } from './access-options.ts';
import { bodyOf } from './body.ts';
import type { Asked, Endpoint } from './contract/endpoint.ts';
import { mayAct } from './contract/role.ts';
import { coversScope, scopeOf, type Scope } from './contract/scope.ts';
import type { ChangeHub } from './events/hub.ts';
import type { Identify, Identity } from './identity.ts';
import { peerOf, type Peer } from './peer.ts';
import { readAs } from './refused-value.ts';
import { refuseCrossSite } from './same-origin.ts';
import type { Signer } from './signer.ts';

/** The arguments of an endpoint's handler: validated input, the caller and shared services. */
export interface Call<E extends Endpoint> extends Asked<E>, Services {
  readonly identity: Identity;
  readonly request: Request;
  readonly peer: Peer;
  /** Sets a response header, also for error responses. */
  readonly header: (name: string, value: string) => void;
}

/** Services shared by all routes. */
export interface Services {
  readonly humdrum: Humdrum;
  readonly identify: Identify;
  readonly access: AccessOptions;
  /** The path that the app is mounted at. */
  readonly basePath: string;
  readonly signer: Signer;
  readonly changes: ChangeHub;
}

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (c: Context, services: Services) => Promise<Response>;
}

/** The identity of an anonymous caller. */
const anyoneFrom = ({ address }: Peer): Identity => ({
  actor: actorFrom('http', address),
  role: 'viewer',
  ambient: false,
});

/** Defines an endpoint with a JSON answer, which is checked against its schema. */
export function route<E extends Endpoint>(
  endpoint: E,
  answer: (call: Call<E>) => Promise<z.output<E['answer']>>,
): Route {
  return {
    endpoint,
    handle: async (c, services) => {
      const encoded = z.encode(endpoint.answer, await answer(await callOf(c, endpoint, services)));
      const body = endpoint.envelope === 'whole' ? encoded : { success: true, data: encoded };
      return c.json(body as object, endpoint.status);
    },
  };
}

/** Defines an endpoint whose answer is a file or a stream instead of a JSON document. */
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
  const peer = peerOf(c, services.access.trustProxy ?? 0);
  const header = (name: string, value: string): void => c.header(name, value);
  const needed = { ...endpoint, scope: scopeOf(endpoint) };
  const identity = await allowed(c, peer, needed, services.identify);
  const params = readAs(endpoint.params, c.req.param(), 'path');
  const query = readAs(endpoint.query, queryOf(request), 'query');
  const body =
    endpoint.body === null ? undefined : readAs(endpoint.body, await bodyOf(request), 'body');
  return { ...services, params, query, body, identity, request, peer, header } as Call<E>;
}

/** The permissions that an endpoint needs. */
type Needed = Pick<Endpoint, 'role' | 'method'> & { scope: Scope };

/** Errors: `unauthenticated`, `role-insufficient`, `scope-insufficient`, `request-refused`. */
export async function allowed(
  c: Context,
  peer: Peer,
  { role, method, scope }: Needed,
  identify: Identify,
): Promise<Identity> {
  const identity = await identify(c.req.raw, peer);
  if (!identity && role !== 'anyone') {
    c.header('www-authenticate', 'Bearer');
    throw new HumdrumError(
      'unauthenticated',
      'Authentication required. Send a key (Authorization: Bearer …) or log in.',
    );
  }
  // Also for anonymous callers: otherwise another site could log a browser in to an account of its own (login CSRF).
  if (method !== 'GET' && (identity?.ambient ?? true)) refuseCrossSite(c.req.raw, peer);
  if (role === 'anyone') return identity ?? anyoneFrom(peer);
  if (!identity || !mayAct(identity.role, role)) {
    throw new HumdrumError(
      'role-insufficient',
      `This needs the role ${role}. Your role is ${identity?.role}.`,
    );
  }
  refuseOtherScopes(identity, scope);
  return identity;
}

/** Errors: `scope-insufficient`. */
function refuseOtherScopes({ scopes = null }: Identity, needed: Scope): void {
  if (scopes === null || coversScope(scopes, needed)) return;
  throw new HumdrumError(
    'scope-insufficient',
    `This needs the scope ${needed}, but this key is limited to ${scopes.join(', ')}. Use a key with that scope.`,
  );
}

/** A parameter becomes a string, and a repeated one a list. */
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
