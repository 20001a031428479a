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

/** What an endpoint's handler is given: what was asked, checked, by whom, and all that it is served with. */
export interface Call<E extends Endpoint> extends Asked<E>, Services {
  readonly identity: Identity;
  readonly request: Request;
  readonly peer: Peer;
  /** Sets a header of the answer, whatever that will be. */
  readonly header: (name: string, value: string) => void;
}

/** What all routes are served with. */
export interface Services {
  readonly humdrum: Humdrum;
  readonly identify: Identify;
  readonly access: AccessOptions;
  /** Where the app is mounted. */
  readonly basePath: string;
  readonly signer: Signer;
  readonly changes: ChangeHub;
}

export interface Route {
  readonly endpoint: Endpoint;
  readonly handle: (c: Context, services: Services) => Promise<Response>;
}

/** Who calls an endpoint that is for anyone. */
const anyoneFrom = ({ address }: Peer): Identity => ({
  actor: actorFrom('http', address),
  role: 'viewer',
  ambient: false,
});

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
  const peer = peerOf(c, services.access.trustProxy ?? 0);
  const header = (name: string, value: string): void => c.header(name, value);
  const needed = { ...endpoint, scope: scopeOf(endpoint) };
  const identity = await allowed(c, peer, needed, services.identify);
  const params = readAs(endpoint.params, c.req.param(), 'The path');
  const query = readAs(endpoint.query, queryOf(request), 'The query');
  const body =
    endpoint.body === null ? undefined : readAs(endpoint.body, await bodyOf(request), 'The body');
  return { ...services, params, query, body, identity, request, peer, header } as Call<E>;
}

/** What somebody needs to be let in. */
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
      'Who are you? Send a key (Authorization: Bearer …), or log in.',
    );
  }
  // Nobody too: a browser that another site logs in belongs to somebody else then.
  if (method !== 'GET' && (identity?.ambient ?? true)) refuseCrossSite(c.req.raw, peer);
  if (role === 'anyone') return identity ?? anyoneFrom(peer);
  if (!identity || !mayAct(identity.role, role)) {
    throw new HumdrumError(
      'role-insufficient',
      `This takes the role ${role}, and yours is ${identity?.role}.`,
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
    `This takes the scope ${needed}, and this key is limited to ${scopes.join(', ')}. Make one with: humdrum keys create NAME --scope ${needed}`,
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
