import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Pack } from '../engine/job/pack.ts';
import { didYouMean, errorMessage, HumdrumError, type Names } from '../errors.ts';
import type { AccessOptions } from '../http/access-options.ts';

/** What `humdrum.config.mjs` exports: your job types, the packs that you use, and where the database is. */
export type Config = Pick<
  HumdrumOptions,
  | 'jobs'
  | 'packs'
  | 'receivers'
  | 'limits'
  | 'queues'
  | 'files'
  | 'history'
  | 'secretKey'
  | 'worker'
  | 'alerts'
> & { database?: string; access?: AccessOptions };

export interface GlobalFlags {
  database?: string;
  config?: string;
  /** Of a running server, which is asked in the place of a database. */
  url?: string;
  keyFile?: string;
}

export interface Setting {
  config: Config;
  database: string;
  /** The configuration file. Null: there is none. */
  file: string | null;
  /** True where nobody has said anything: the embedded database with the packs that come along. */
  isDefault: boolean;
}

export const CONFIG_FILES = ['humdrum.config.mjs', 'humdrum.config.js'];
const DEFAULT_FOLDER = '.humdrum/data';

/** The flag wins over the environment, the environment over the file. Errors: `config-invalid`. */
export async function readSetting(flags: GlobalFlags): Promise<Setting> {
  const file = flags.config ?? CONFIG_FILES.find((name) => existsSync(name));
  const config: Config =
    file === undefined ? { packs: await ownPacks() } : await load(resolve(file));
  const named = flags.database ?? (process.env['DATABASE_URL'] || config.database);
  return {
    config,
    database: named ?? DEFAULT_FOLDER,
    file: file ?? null,
    isDefault: file === undefined && named === undefined,
  };
}

async function ownPacks(): Promise<Pack[]> {
  const [{ picks }, { quiz }, { arcade }] = await Promise.all([
    import('../packs/picks/index.ts'),
    import('../packs/quiz/index.ts'),
    import('../packs/arcade/index.ts'),
  ]);
  return [picks, quiz, arcade];
}

/** Without its password. */
export function maskUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const masked = new URL(url);
  if (masked.password !== '') masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.href;
}

async function load(path: string): Promise<Config> {
  if (!existsSync(path))
    throw new HumdrumError('config-invalid', `There is no configuration file ${path}.`);
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw new HumdrumError('config-invalid', `${path} cannot be loaded: ${whyNot(cause)}`, {
      cause,
    });
  }
  return checked(exported, path);
}

function whyNot(cause: unknown): string {
  const [, name] = /^Cannot find package '([^']+)'/.exec(errorMessage(cause)) ?? [];
  return name === undefined
    ? errorMessage(cause)
    : `the package ${name} is not installed. Install what the project needs: npm install`;
}

const LISTS = ['jobs', 'packs', 'receivers'];
const KEYS = Object.keys({
  jobs: true,
  packs: true,
  receivers: true,
  limits: true,
  queues: true,
  files: true,
  history: true,
  secretKey: true,
  worker: true,
  alerts: true,
  database: true,
  access: true,
} satisfies Names<Config>);

function checked(exported: unknown, path: string): Config {
  const wrong = (what: string) =>
    new HumdrumError(
      'config-invalid',
      `${path} ${what} It should say: export default { jobs: [ … ], packs: [ … ], database: 'postgres://…' }`,
    );
  if (typeof exported !== 'object' || exported === null)
    throw wrong('exports no object by default.');
  for (const [key, value] of Object.entries(exported)) {
    if (!KEYS.includes(key))
      throw wrong(`has "${key}", which is no setting.${didYouMean(key, KEYS)}`);
    if (LISTS.includes(key) && !Array.isArray(value)) throw wrong(`has "${key}" that is no list.`);
    if (key === 'alerts' && !(typeof value === 'object' && value && 'types' in value))
      throw wrong('has "alerts" that defineAlerts of humdrum/alerts did not make.');
  }
  return exported;
}
