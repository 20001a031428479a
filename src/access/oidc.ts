import type * as openid from 'openid-client';
import { errorMessage, HumdrumError } from '../errors.ts';
import { ROLES, type Role } from './role.ts';

export interface OidcOptions {
  /** Where the provider is: `https://login.example.com/realms/staff`. */
  issuer: string;
  clientId: string;
  clientSecret?: string;
  /** Who may do what: roles by the values of a claim, `{ claim: 'groups', are: { 'jobs-admins': 'admin' } }`. The highest counts. */
  roles: { claim: string; are: Readonly<Record<string, Role>> };
  /** The claim that people are named by here. Default: `preferred_username`. */
  nameClaim?: string;
  /** What is asked for. Default: `openid profile email`. */
  scope?: string;
  /** Where the provider sends people back to. Default: `/login/oidc/callback` at the address by which they came. */
  redirectUri?: string;
}

/** What the browser keeps while its owner is at the provider. */
export interface PendingLogin {
  state: string;
  nonce: string;
  verifier: string;
  redirectUri: string;
}

export interface Person {
  issuer: string;
  subject: string;
  name: string;
  /** Null: none of what they are has one. */
  role: Role | null;
}

/** Logs in by OpenID Connect: authorization code, PKCE, state and nonce. */
export class Oidc {
  readonly options: OidcOptions;
  #found: Promise<{ client: typeof openid; provider: openid.Configuration }> | null = null;

  constructor(options: OidcOptions) {
    this.options = options;
  }

  /** Where to send a browser. Errors: `openid-missing`, `server-unreachable`. */
  async begin(redirectUri: string): Promise<{ to: URL; pending: PendingLogin }> {
    const { client, provider } = await this.#find();
    const pending: PendingLogin = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      redirectUri,
    };
    const to = client.buildAuthorizationUrl(provider, {
      redirect_uri: redirectUri,
      scope: this.options.scope ?? 'openid profile email',
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    });
    return { to, pending };
  }

  /** Who has come back, with `search` in the address. Errors: `unauthenticated`, `server-unreachable`. */
  async finish(search: string, pending: PendingLogin): Promise<Person> {
    const { client, provider } = await this.#find();
    const back = new URL(pending.redirectUri);
    back.search = search;
    try {
      const tokens = await client.authorizationCodeGrant(provider, back, {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error('it told nothing of who that is');
      const more = provider.serverMetadata().userinfo_endpoint
        ? await client.fetchUserInfo(provider, tokens.access_token, claims.sub)
        : {};
      return this.#personIn({ ...more, ...claims });
    } catch (cause) {
      if (cause instanceof HumdrumError) throw cause;
      throw new HumdrumError(
        'unauthenticated',
        `${this.options.issuer} does not confirm this login: ${errorMessage(cause)}. Begin again at /login/oidc.`,
        { cause },
      );
    }
  }

  #personIn(claims: openid.IDToken & Record<string, unknown>): Person {
    const { nameClaim = 'preferred_username', roles } = this.options;
    const name = claimAt(claims, nameClaim);
    if (typeof name !== 'string') {
      throw new HumdrumError(
        'unauthenticated',
        `${this.options.issuer} tells no ${nameClaim}: an admin of this server sets nameClaim to one that it tells.`,
      );
    }
    const theirs = [claimAt(claims, roles.claim)].flat().map(String);
    const role = ROLES.findLast((each) =>
      theirs.some((value) => roleOf(roles.are, value) === each),
    );
    return { issuer: claims.iss, subject: claims.sub, name, role: role ?? null };
  }

  /** Asked once; again after it failed. */
  async #find(): Promise<{ client: typeof openid; provider: openid.Configuration }> {
    this.#found ??= this.#discover().catch((error: unknown) => {
      this.#found = null;
      throw error;
    });
    return this.#found;
  }

  async #discover(): Promise<{ client: typeof openid; provider: openid.Configuration }> {
    const { issuer, clientId, clientSecret } = this.options;
    const client = await load();
    const at = new URL(issuer);
    // Only to this machine is http safe.
    const local =
      at.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(at.hostname);
    const options = local ? { execute: [client.allowInsecureRequests] } : undefined;
    try {
      const provider = await client.discovery(at, clientId, clientSecret, undefined, options);
      return { client, provider };
    } catch (cause) {
      throw new HumdrumError(
        'server-unreachable',
        `${issuer} does not answer as an OpenID Connect provider: ${errorMessage(cause)}.`,
        { cause },
      );
    }
  }
}

async function load(): Promise<typeof openid> {
  try {
    return await import('openid-client');
  } catch (cause) {
    throw new HumdrumError(
      'openid-missing',
      'OpenID Connect needs the package openid-client: npm install openid-client',
      { cause },
    );
  }
}

/** By its name, or by a path with dots as in `realm_access.roles`. */
function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    return (at as Record<string, unknown>)[key];
  }, claims);
}

function roleOf(are: Readonly<Record<string, Role>>, value: string): Role | undefined {
  return Object.hasOwn(are, value) ? are[value] : undefined;
}
