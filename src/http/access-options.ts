import type { OidcOptions } from '../access/oidc.ts';
import type { SessionTimes } from '../access/session.ts';

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
