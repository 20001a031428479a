import type * as openid from 'openid-client';
import { errorMessage, HumdrumError } from '../errors.ts';
import { ROLES, type Role } from './role.ts';

export interface OidcOptions {
  /** The provider's issuer URL, such as `https://login.example.com/realms/staff`. */
  issuer: string;
  clientId: string;
  clientSecret?: string;
  /** Maps values of a claim to roles: `{ claim: 'groups', are: { 'jobs-admins': 'admin' } }`. The highest role applies. */
  roles: { claim: string; are: Readonly<Record<string, Role>> };
  /** The claim to use as the account name. Default: `preferred_username`. */
  nameClaim?: string;
  /** The scopes to request. Default: `openid profile email`. */
  scope?: string;
  /** The URL that the provider redirects back to. Default: `/login/oidc/callback` at the address of the request. */
  redirectUri?: string;
}

/** State that the browser keeps during the redirect to the provider. */
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
  /** Null if no value of the claim maps to a role. */
  role: Role | null;
}

/** Login with OpenID Connect: authorization code flow with PKCE, state and nonce. */
export class Oidc {
  readonly options: OidcOptions;
  #discovery: Promise<{ client: typeof openid; provider: openid.Configuration }> | null = null;

  constructor(options: OidcOptions) {
    this.options = options;
  }

  /** Starts a login: returns the URL to redirect the browser to. Errors: `openid-missing`, `server-unreachable`. */
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

  /** Completes a login with the query string of the callback. Errors: `unauthenticated`, `server-unreachable`. */
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
      if (!claims) throw new Error('the response has no ID token');
      const more = provider.serverMetadata().userinfo_endpoint
        ? await client.fetchUserInfo(provider, tokens.access_token, claims.sub)
        : {};
      return this.#personIn({ ...more, ...claims });
    } catch (cause) {
      if (cause instanceof HumdrumError) throw cause;
      throw new HumdrumError(
        'unauthenticated',
        `${this.options.issuer} did not confirm this login: ${errorMessage(cause)}. Log in again at /login/oidc.`,
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
        `${this.options.issuer} sends no claim "${nameClaim}". Set nameClaim to a claim that it sends.`,
      );
    }
    const theirs = [claimAt(claims, roles.claim)].flat().map(String);
    const role = ROLES.findLast((each) =>
      theirs.some((value) => roleOf(roles.are, value) === each),
    );
    return { issuer: claims.iss, subject: claims.sub, name, role: role ?? null };
  }

  /** Discovers the provider once, and again only after a failure. */
  async #find(): Promise<{ client: typeof openid; provider: openid.Configuration }> {
    this.#discovery ??= this.#discover().catch((error: unknown) => {
      this.#discovery = null;
      throw error;
    });
    return this.#discovery;
  }

  async #discover(): Promise<{ client: typeof openid; provider: openid.Configuration }> {
    const { issuer, clientId, clientSecret } = this.options;
    const client = await load();
    const at = new URL(issuer);
    // Plain HTTP is safe only on this machine.
    const local =
      at.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(at.hostname);
    const options = local ? { execute: [client.allowInsecureRequests] } : undefined;
    try {
      const provider = await client.discovery(at, clientId, clientSecret, undefined, options);
      return { client, provider };
    } catch (cause) {
      throw new HumdrumError(
        'server-unreachable',
        `Cannot read the OpenID Connect configuration of ${issuer}: ${errorMessage(cause)}. Check the issuer URL and that the provider is reachable.`,
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

/** Reads a claim by its name, or by a dotted path such as `realm_access.roles`. */
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
