import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError, type Names, refuseUnknown } from '../errors.ts';
import { checkAccess, type AccessOptions } from './access-options.ts';
import { API } from './api-path.ts';
import type { Role } from './contract/role.ts';
import { ChangeHub } from './events/hub.ts';
import { identifyBy, type Identify } from './identity.ts';
import { mountLogin } from './login.ts';
import { peerOf } from './peer.ts';
import { probes, type ProbeOptions } from './probes.ts';
import { failure, refusal } from './refusal.ts';
import { allowed, mount } from './route.ts';
import { routes } from './routes/index.ts';
import { Signer } from './signer.ts';

export interface AppOptions extends Pick<ProbeOptions, 'metrics' | 'expectWorker'> {
  /** Sessions, proxies, OpenID Connect. */
  access?: AccessOptions;
  /** Identifies the caller. Default: by the keys and sessions in the database. */
  identify?: Identify;
  /** The minimum role for reading `/metrics`. Default: viewer. */
  metricsRole?: Role | 'anyone';
  /** The path that the app is mounted at, such as `/jobs-admin`. Default: the root. */
  basePath?: string;
  /** Signs download links and bulk tokens. All processes behind one address need the same key. Default: a random one per process. */
  signingKey?: string;
  /** Ends the streams of changes. Pass it if your server does not close open connections when it stops. */
  signal?: AbortSignal;
  /** Called for unexpected errors. Default: `console.error`. */
  onError?: (error: unknown) => void;
}

const OPTIONS = {
  access: true,
  identify: true,
  metrics: true,
  metricsRole: true,
  expectWorker: true,
  basePath: true,
  signingKey: true,
  signal: true,
  onError: true,
} satisfies Names<AppOptions>;

const MAX_BODY_BYTES = 2 * 1_048_576;

/** Creates the HTTP API of an engine: a Hono app whose `fetch` can be mounted anywhere. Errors: `config-invalid`. */
export function createApp(humdrum: Humdrum, options: AppOptions = {}): Hono {
  refuseUnknown('config-invalid', 'The options of createApp', options, OPTIONS);
  const { access = {}, basePath = '', signingKey, signal, onError = console.error } = options;
  checkAccess(access);
  const { identify = identifyBy(humdrum.database, access) } = options;
  const { metrics, expectWorker, metricsRole: role = 'viewer' } = options;
  const app = new Hono().basePath(basePath);
  app.use(async (c, next) => {
    await next();
    c.header('x-content-type-options', 'nosniff');
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => refusal(c, tooLarge()),
    }),
  );
  const guardMetrics = async (c: Context): Promise<void> => {
    const needed = { role, method: 'GET', scope: 'metrics:read' } as const;
    await allowed(c, peerOf(c, access.trustProxy ?? 0), needed, identify);
  };
  app.route('/', probes(humdrum, { metrics, expectWorker, guardMetrics }));
  const signer = new Signer(signingKey);
  const changes = new ChangeHub(humdrum, { onError, ...(signal && { signal }) });
  mount(app, API, routes, { humdrum, identify, access, basePath, signer, changes });
  mountLogin(app, humdrum.database, access);
  app.notFound((c) =>
    refusal(c, new HumdrumError('not-found', `There is no ${c.req.method} ${c.req.path}.`)),
  );
  app.onError((error, c) => {
    if (error instanceof HumdrumError) return refusal(c, error);
    onError(error);
    return failure(c);
  });
  return app;
}

function tooLarge(): HumdrumError {
  return new HumdrumError(
    'body-too-large',
    `The body is too large. The limit is ${MAX_BODY_BYTES} bytes.`,
  );
}
