import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { followLoginLink } from '../access/login-link.ts';
import { admitPerson } from '../access/oidc-account.ts';
import { Oidc, type PendingLogin } from '../access/oidc.ts';
import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import type { AccessOptions } from './access-options.ts';
import { cookieOf, sessionCookie, sessionToken, setCookie } from './cookie.ts';
import { peerOf } from './peer.ts';
import { STATUS_OF } from './status-of.ts';
import { refuseCrossSite } from './same-origin.ts';

/** Login pages that work without the dashboard. */
export function mountLogin(app: Hono, db: Database, access: AccessOptions): void {
  mountLink(app, db, access);
  if (access.oidc) mountOidc(app, db, access, new Oidc(access.oidc));
}

function mountLink(app: Hono, db: Database, access: AccessOptions): void {
  // GET must not use up the link, because previews and prefetching browsers load it. The button does.
  app.get('/login/link', (c) =>
    page(
      c,
      'Log in',
      html`<form method="post" action="link">
        <input type="hidden" name="token" value="${c.req.query('token') ?? ''}" />
        <button>Log in to this Humdrum as an admin</button>
      </form>`,
    ),
  );

  app.post('/login/link', async (c) =>
    orSentence(c, async () => {
      const peer = peerOf(c, access.trustProxy ?? 0);
      refuseCrossSite(c.req.raw, peer);
      const { token } = await c.req.parseBody();
      const from = { address: peer.address, token: sessionToken(c.req.raw, peer) };
      const linkToken = typeof token === 'string' ? token : '';
      const session = await followLoginLink(db, linkToken, from, access);
      c.header('set-cookie', sessionCookie(session, peer));
      return page(c, 'You are logged in', html`<p>As an admin, in this browser.</p>`);
    }),
  );
}

const PENDING = 'humdrum-login';
const PENDING_MS = 600_000;
const pendingLogin = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.url(),
});

/**
 * The callback is a GET from the provider's page, so the cross-site check does not cover it. Only the browser that started the
 * login can complete it: the state is in its cookie, and the code works only once.
 */
function mountOidc(app: Hono, db: Database, access: AccessOptions, oidc: Oidc): void {
  app.get('/login/oidc', (c) =>
    orSentence(c, async () => {
      const peer = peerOf(c, access.trustProxy ?? 0);
      const back = oidc.options.redirectUri ?? `${peer.origin}${c.req.path}/callback`;
      const { to, pending } = await oidc.begin(back);
      const cookie = Buffer.from(JSON.stringify(pending)).toString('base64url');
      c.header('set-cookie', setCookie(PENDING, cookie, new Date(Date.now() + PENDING_MS), peer));
      c.header('cache-control', 'no-store');
      return c.redirect(to.href);
    }),
  );

  app.get('/login/oidc/callback', (c) =>
    orSentence(c, async () => {
      const peer = peerOf(c, access.trustProxy ?? 0);
      c.header('set-cookie', setCookie(PENDING, '', new Date(0), peer));
      const pending = pendingIn(cookieOf(c.req.raw, PENDING, peer));
      const person = await oidc.finish(new URL(c.req.url).search, pending);
      const from = { address: peer.address, token: sessionToken(c.req.raw, peer) };
      const session = await admitPerson(db, person, from, access);
      c.header('set-cookie', sessionCookie(session, peer), { append: true });
      return page(c, 'You are logged in', html`<p>As ${person.name}, in this browser.</p>`);
    }),
  );
}

/** Errors: `unauthenticated`. */
function pendingIn(cookie: string | undefined): PendingLogin {
  try {
    return pendingLogin.parse(JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString()));
  } catch (cause) {
    throw new HumdrumError(
      'unauthenticated',
      'This login was not started in this browser, or took too long. Log in again at /login/oidc.',
      { cause },
    );
  }
}

async function orSentence(c: Context, act: () => Promise<Response> | Response): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof HumdrumError)) throw error;
    return page(c, 'You are not logged in', html`<p>${error.message}</p>`, STATUS_OF[error.code]);
  }
}

/** No scripts, no framing, and no referrer to other sites, because the address may contain a secret. */
async function page(
  c: Context,
  title: string,
  content: ReturnType<typeof html>,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  c.header(
    'content-security-policy',
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  c.header('referrer-policy', 'same-origin');
  c.header('x-content-type-options', 'nosniff');
  c.header('cache-control', 'no-store');
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Humdrum</title>
      </head>
      <body>
        <h1>${title}</h1>
        ${content}
      </body>
    </html>`;
  return c.html(document, status);
}
