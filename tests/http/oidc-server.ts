import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OidcProvider from 'oidc-provider';
import { onTestFinished } from 'vitest';

export interface OidcServer {
  issuer: string;
  /** Whom it knows, and their groups. */
  groups: Map<string, string[]>;
  /** Makes our server its client. */
  serve(redirectUri: string): void;
}

export const CLIENT = { clientId: 'humdrum', clientSecret: 'a secret of the test' };

/** A real OpenID Connect provider, on loopback, until the test ends. */
export async function openOidcServer(): Promise<OidcServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const groups = new Map<string, string[]>();
  const serve = (redirectUri: string): void => {
    const provider = new OidcProvider(issuer, {
      clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
      cookies: { keys: ['of the test'] },
      pkce: { required: () => true },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: id, groups: groups.get(id) ?? [] }),
      }),
    });
    const answer = provider.callback();
    server.on('request', (request, response) => void answer(request, response));
  };
  return { issuer, groups, serve };
}

/** What a person's browser does: keeps the cookies of each server, follows, and fills in the provider's forms. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** One request. */
  async go(url: string, init: RequestInit = {}): Promise<Response> {
    const jar = this.#jars.get(new URL(url).origin) ?? new Map<string, string>();
    this.#jars.set(new URL(url).origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  /** Logs in at the provider as `person`, and answers where it sends the browser back to. */
  async toCallback(start: string, person: string): Promise<string> {
    let url = start;
    for (let steps = 0; steps < 15; steps += 1) {
      if (url.includes('/callback?')) return url;
      const answer = await this.go(url);
      const next = answer.headers.get('location') ?? (await this.#submit(url, answer, person));
      url = new URL(next, url).href;
    }
    throw new Error(`The provider does not come to an end: ${url}`);
  }

  async #submit(url: string, answer: Response, person: string): Promise<string> {
    const html = await answer.text();
    const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(html) ?? [];
    const [, action = url] = /<form[^>]* action="([^"]+)"/.exec(html) ?? [];
    const fields = { prompt, ...(prompt === 'login' && { login: person, password: 'any' }) };
    const body = new URLSearchParams(fields);
    const submitted = await this.go(new URL(action, url).href, { method: 'POST', body });
    const next = submitted.headers.get('location');
    if (next === null) throw new Error(`No way on from ${url}: ${submitted.status} ${html}`);
    return next;
  }
}
