import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Pack } from '../engine/job/pack.ts';
import { didYouMean, errorMessage, HumdrumError, type Names } from '../errors.ts';
import type { AccessOptions } from '../http/access-options.ts';

/** The default export of `humdrum.config.mjs`: job types, packs, the database and other settings. */
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
  /** URL of a running server to use instead of a database. */
  url?: string;
  keyFile?: string;
}

export interface Setting {
  config: Config;
  database: string;
  /** Path of the configuration file. Null if there is none. */
  file: string | null;
  /** True if nothing is configured: the embedded database with the included packs. */
  isDefault: boolean;
}

export const CONFIG_FILES = ['humdrum.config.mjs', 'humdrum.config.js'];
const DEFAULT_FOLDER = '.humdrum/data';

/** Flags override the environment, which overrides the file. Errors: `config-invalid`. */
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

/** Masks the password. */
export function maskUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const masked = new URL(url);
  if (masked.password !== '') masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.href;
}

async function load(path: string): Promise<Config> {
  if (!existsSync(path))
    throw new HumdrumError('config-invalid', `Configuration file ${path} does not exist.`);
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw new HumdrumError('config-invalid', `Cannot load ${path}: ${whyNot(cause)}`, {
      cause,
    });
  }
  return checked(exported, path);
}

function whyNot(cause: unknown): string {
  const [, name] = /^Cannot find package '([^']+)'/.exec(errorMessage(cause)) ?? [];
  return name === undefined
    ? errorMessage(cause)
    : `the package ${name} is not installed. Install the project's dependencies: npm install`;
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
  const invalid = (problem: string) =>
    new HumdrumError(
      'config-invalid',
      `${path} ${problem} Expected: export default { jobs: [ … ], packs: [ … ], database: 'postgres://…' }`,
    );
  if (typeof exported !== 'object' || exported === null)
    throw invalid('has no default export that is an object.');
  for (const [key, value] of Object.entries(exported)) {
    if (!KEYS.includes(key))
      throw invalid(`has an unknown setting "${key}".${didYouMean(key, KEYS)}`);
    if (LISTS.includes(key) && !Array.isArray(value))
      throw invalid(`has "${key}" that is not a list.`);
    if (key === 'alerts' && !(typeof value === 'object' && value && 'types' in value))
      throw invalid('has "alerts" that were not created with defineAlerts from humdrum/alerts.');
  }
  return exported;
}
