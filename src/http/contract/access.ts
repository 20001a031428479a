import { z } from 'zod';
import { endpoint, type Endpoint } from './endpoint.ts';
import { ROLES } from './role.ts';
import { SCOPES } from './scope.ts';
import { instant, reason, text } from './values.ts';

const tag = 'Access';

export const role = z.enum(ROLES).meta({ id: 'Role' });
const name = text(200);
const password = text(2_000);
const scopes = z
  .array(z.string())
  .nullable()
  .meta({ description: 'Scopes that a key is limited to. Null: everything its role allows' });
const why = { reason: reason.optional() };

const me = z
  .object({
    actor: z.string().meta({ description: 'The name used in the audit log' }),
    role,
    scopes,
  })
  .meta({ id: 'Caller' });

export const showMe = endpoint({
  name: 'showMe',
  method: 'GET',
  path: '/access/me',
  tag,
  summary: 'The caller and their permissions',
  role: 'viewer',
  answer: me,
});

export const logIn = endpoint({
  name: 'logIn',
  method: 'POST',
  path: '/access/login',
  tag,
  summary: 'Log in with a password',
  description:
    'Sets the cookie of a new session and ends the previous session of the browser. On 429, Retry-After says when to try again.',
  role: 'anyone',
  body: z.strictObject({ name, password }),
  answer: z.object({ expiresAt: instant }),
  refuses: ['unauthenticated', 'too-many-attempts'],
});

export const logOut = endpoint({
  name: 'logOut',
  method: 'POST',
  path: '/access/logout',
  tag,
  summary: 'End this session, or all sessions of this account',
  role: 'viewer',
  body: z.strictObject({ everywhere: z.boolean().optional() }).optional(),
  answer: z.object({ ended: z.int().meta({ description: 'Number of sessions ended' }) }),
});

export const changePassword = endpoint({
  name: 'changePassword',
  method: 'POST',
  path: '/access/password',
  tag,
  summary: 'Change the password of this account',
  description: 'Ends all sessions of the account and opens a new one.',
  role: 'viewer',
  body: z.strictObject({ current: password, password }),
  answer: z.object({ expiresAt: instant }),
  refuses: ['unauthenticated', 'too-many-attempts', 'action-refused', 'input-invalid'],
});

const apiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    scopes,
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable().meta({ description: 'Accurate to the minute' }),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const listKeys = endpoint({
  name: 'listKeys',
  method: 'GET',
  path: '/access/keys',
  tag,
  summary: 'All keys, including revoked ones',
  role: 'admin',
  answer: z.object({ keys: z.array(apiKey) }),
});

export const createKey = endpoint({
  name: 'createKey',
  method: 'POST',
  path: '/access/keys',
  tag,
  summary: 'Create an API key',
  description: '`secret` is the key. It is shown only once.',
  role: 'admin',
  body: z.strictObject({
    name,
    role,
    scopes: z
      .array(text(100))
      .max(100)
      .optional()
      .meta({
        description: `Default: everything the role allows. Each is one of ${SCOPES.join(', ')}`,
      }),
    expiresAt: instant.optional(),
    ...why,
  }),
  answer: z.object({ key: apiKey, secret: z.string() }),
  status: 201,
  refuses: ['input-invalid', 'name-taken'],
});

export const revokeKey = endpoint({
  name: 'revokeKey',
  method: 'POST',
  path: '/access/keys/{id}/revoke',
  tag,
  summary: 'Revoke an API key',
  role: 'admin',
  params: z.strictObject({ id: text(100) }),
  body: z.strictObject(why).optional(),
  answer: apiKey,
  refuses: ['not-found', 'action-refused'],
});

const account = z
  .object({
    name: z.string(),
    role,
    issuer: z
      .string()
      .nullable()
      .meta({ description: 'The OpenID Connect issuer. Null: logs in with a password' }),
    createdAt: instant,
    disabledAt: instant.nullable(),
  })
  .meta({ id: 'Account' });

export const listUsers = endpoint({
  name: 'listUsers',
  method: 'GET',
  path: '/access/users',
  tag,
  summary: 'All user accounts',
  role: 'admin',
  answer: z.object({ users: z.array(account) }),
});

export const addUser = endpoint({
  name: 'addUser',
  method: 'POST',
  path: '/access/users',
  tag,
  summary: 'Create a user account',
  role: 'admin',
  body: z.strictObject({ name, role, password, ...why }),
  answer: account,
  status: 201,
  refuses: ['input-invalid', 'name-taken'],
});

const ofUser = {
  method: 'POST',
  tag,
  description: 'Ends all sessions of the account.',
  role: 'admin',
  params: z.strictObject({ name }),
  answer: account,
} as const;

export const setUserRole = endpoint({
  ...ofUser,
  name: 'setUserRole',
  path: '/access/users/{name}/role',
  summary: 'Change the role of an account',
  body: z.strictObject({ role, ...why }),
  refuses: ['not-found'],
});

export const setUserPassword = endpoint({
  ...ofUser,
  name: 'setUserPassword',
  path: '/access/users/{name}/password',
  summary: 'Set a new password for an account',
  body: z.strictObject({ password, ...why }),
  refuses: ['not-found', 'action-refused', 'input-invalid'],
});

export const disableUser = endpoint({
  ...ofUser,
  name: 'disableUser',
  path: '/access/users/{name}/disable',
  summary: 'Disable an account',
  body: z.strictObject(why).optional(),
  refuses: ['not-found'],
});

export const enableUser = endpoint({
  ...ofUser,
  name: 'enableUser',
  path: '/access/users/{name}/enable',
  summary: 'Enable an account',
  body: z.strictObject(why).optional(),
  refuses: ['not-found'],
});

export const accessEndpoints: readonly Endpoint[] = [
  showMe,
  logIn,
  logOut,
  changePassword,
  listKeys,
  createKey,
  revokeKey,
  listUsers,
  addUser,
  setUserRole,
  setUserPassword,
  disableUser,
  enableUser,
];
