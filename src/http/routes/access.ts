import { addAccount, disableAccount, enableAccount } from '../../access/account.ts';
import { listAccounts, setPassword, setRole } from '../../access/account.ts';
import * as keys from '../../access/api-key.ts';
import { changeOwnPassword } from '../../access/own-password.ts';
import { logIn } from '../../access/login.ts';
import { logOut } from '../../access/logout.ts';
import type { OpenedSession } from '../../access/session.ts';
import { TooManyAttempts } from '../../access/too-many-attempts.ts';
import * as contract from '../contract/access.ts';
import { noSessionCookie, sessionCookie, sessionToken } from '../cookie.ts';
import { route, type Call, type Route } from '../route.ts';

type Caller = Pick<Call<typeof contract.logIn>, 'request' | 'peer' | 'identity' | 'header'>;

/** Management of keys and accounts. */
const administration: readonly Route[] = [
  route(contract.listKeys, async ({ humdrum }) => ({
    keys: await keys.listKeys(humdrum.database),
  })),

  route(contract.createKey, async ({ humdrum, identity, header, body: { reason, ...key } }) => {
    header('cache-control', 'no-store');
    return keys.createKey(humdrum.database, key, { actor: identity.actor, reason });
  }),

  route(contract.revokeKey, async ({ humdrum, identity, params, body }) =>
    keys.revokeKey(humdrum.database, params.id, { actor: identity.actor, ...body }),
  ),

  route(contract.listUsers, async ({ humdrum }) => ({
    users: await listAccounts(humdrum.database),
  })),

  route(contract.addUser, async ({ humdrum, identity, body: { reason, ...user } }) =>
    addAccount(humdrum.database, user, { actor: identity.actor, reason }),
  ),

  route(contract.setUserRole, async ({ humdrum, identity, params, body: { role, reason } }) =>
    setRole(humdrum.database, params.name, role, { actor: identity.actor, reason }),
  ),

  route(
    contract.setUserPassword,
    async ({ humdrum, identity, params, body: { password, reason } }) =>
      setPassword(humdrum.database, params.name, password, { actor: identity.actor, reason }),
  ),

  route(contract.disableUser, async ({ humdrum, identity, params, body }) =>
    disableAccount(humdrum.database, params.name, { actor: identity.actor, ...body }),
  ),

  route(contract.enableUser, async ({ humdrum, identity, params, body }) =>
    enableAccount(humdrum.database, params.name, { actor: identity.actor, ...body }),
  ),
];

export const accessRoutes: readonly Route[] = [
  route(contract.showMe, async ({ identity: { actor, role, scopes = null } }) => ({
    actor,
    role,
    scopes: scopes && [...scopes],
  })),

  route(contract.logIn, async (call) =>
    enter(call, () => logIn(call.humdrum.database, call.body, fromOf(call), call.access)),
  ),

  route(contract.logOut, async (call) => {
    const { humdrum, identity, peer, header, request, body } = call;
    const token = sessionToken(request, peer);
    if (!identity.ambient || token === undefined) return { ended: 0 };
    const { actor, accountId = null } = identity;
    const ended = await logOut(
      humdrum.database,
      { token, accountId: body?.everywhere ? accountId : null },
      { actor },
    );
    header('set-cookie', noSessionCookie(peer));
    return { ended };
  }),

  route(contract.changePassword, async (call) => {
    const { humdrum, identity, body } = call;
    const own = { accountId: identity.accountId ?? null, actor: identity.actor, ...body };
    return enter(call, () => changeOwnPassword(humdrum.database, own, fromOf(call), call.access));
  }),

  ...administration,
];

const fromOf = ({ request, peer }: Caller) => ({
  address: peer.address,
  token: sessionToken(request, peer),
});

/** Opens a session and sets its cookie. On too many attempts, sets Retry-After. */
async function enter(
  { header, peer }: Caller,
  open: () => Promise<OpenedSession>,
): Promise<{ expiresAt: Date }> {
  try {
    const session = await open();
    header('set-cookie', sessionCookie(session, peer));
    header('cache-control', 'no-store');
    return { expiresAt: session.expiresAt };
  } catch (error) {
    if (error instanceof TooManyAttempts) header('retry-after', String(error.afterSeconds));
    throw error;
  }
}
