import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Database } from '../database/database.ts';
import { followLoginLink } from '../access/login-link.ts';
import { HumdrumError } from '../errors.ts';
import type { AccessOptions } from './access-options.ts';
import { sessionCookie, sessionToken } from './cookie.ts';
import { peerOf } from './peer.ts';
import { STATUS_OF } from './refusal.ts';
import { refuseCrossSite } from './same-origin.ts';

/** Pages for browsers that come in without a dashboard. */
export function mountLogin(app: Hono, db: Database, access: AccessOptions): void {
  // What only looks at the link, a preview or a browser that loads ahead, must not use it up: the button does.
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
      const given = typeof token === 'string' ? token : '';
      const session = await followLoginLink(db, given, from, access);
      c.header('set-cookie', sessionCookie(session, peer));
      return page(c, 'You are logged in', html`<p>As an admin, in this browser.</p>`);
    }),
  );
}

async function orSentence(c: Context, act: () => Promise<Response> | Response): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof HumdrumError)) throw error;
    return page(c, 'You are not logged in', html`<p>${error.message}</p>`, STATUS_OF[error.code]);
  }
}

/** Without scripts, and in no frame. Its address, which may hold a secret, is told to nobody. */
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
