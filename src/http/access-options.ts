import { z } from 'zod';
import type { OidcOptions } from '../access/oidc.ts';
import { ROLES } from '../access/role.ts';
import type { SessionTimes } from '../access/session.ts';
import { HumdrumError } from '../errors.ts';

/** How people and programs come in. */
export interface AccessOptions extends SessionTimes {
  /**
   * How many proxies of yours stand in front. Each must add the caller's address to X-Forwarded-For, and say
   * X-Forwarded-Proto where it speaks https. Default: 0, and such headers are not read.
   */
  trustProxy?: number;
  /** Lets people come in by OpenID Connect, at `/login/oidc`. It takes the package openid-client. */
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

/** A mistake here would open or shut a door unseen. Errors: `config-invalid`. */
export function checkAccess(options: AccessOptions): void {
  const { error } = accessOptions.safeParse(options);
  const [issue] = error?.issues ?? [];
  if (!issue) return;
  const at = ['access', ...issue.path].join('.');
  throw new HumdrumError('config-invalid', `${at} cannot be taken: ${issue.message}.`, {
    cause: error,
  });
}
