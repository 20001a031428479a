import { z } from 'zod';
import type { OidcOptions } from '../access/oidc.ts';
import { ROLES } from '../access/role.ts';
import type { SessionTimes } from '../access/session.ts';
import { HumdrumError } from '../errors.ts';

/** Options of authentication. */
export interface AccessOptions extends SessionTimes {
  /**
   * Number of your own proxies in front of this server. Each must add the caller's address to X-Forwarded-For, and set
   * X-Forwarded-Proto if it serves https. Default: 0, which ignores these headers.
   */
  trustProxy?: number;
  /** Enables login with OpenID Connect at `/login/oidc`. Needs the package openid-client. */
  oidc?: OidcOptions;
}

const time = z.number().min(1_000).max(31_536_000_000).optional();
const word = z.string().min(1);
const accessOptions = z.strictObject({
  idleMs: time,
  lifeMs: time,
  trustProxy: z.int().min(0).max(10).optional(),
  oidc: z
    .strictObject({
      issuer: z.url(),
      clientId: word,
      clientSecret: word.optional(),
      roles: z.strictObject({ claim: word, are: z.record(z.string(), z.enum(ROLES)) }),
      nameClaim: word.optional(),
      scope: word.optional(),
      redirectUri: z.url().optional(),
    })
    .optional(),
});

/** Strict, because a mistyped option could silently weaken access control. Errors: `config-invalid`. */
export function checkAccess(options: AccessOptions): void {
  const { error } = accessOptions.safeParse(options);
  const [issue] = error?.issues ?? [];
  if (!issue) return;
  const at = ['access', ...issue.path].join('.');
  throw new HumdrumError('config-invalid', `Invalid option ${at}: ${issue.message}.`, {
    cause: error,
  });
}
