import { HumdrumError } from '../../errors.ts';

export interface QuizOptions {
  /** Copies of the leaderboards are kept there: `redis://host:6379`, `rediss://…`. It needs the package `redis`. Default: none. */
  redis?: string;
  /** Of the keys in Redis. One prefix belongs to one database. Default `quiz:leaderboard:`. */
  redisKeyPrefix?: string;
}

/** Where copies of the leaderboards are kept. */
export interface Cache {
  readonly url: string;
  readonly keyPrefix: string;
}

const DEFAULT_KEY_PREFIX = 'quiz:leaderboard:';
const KEY_PREFIX = /^[^\s{}]{1,100}$/;
const KNOWN = ['redis', 'redisKeyPrefix'];

/** Null: nowhere. Errors: `config-invalid`. */
export function cacheOf(options: QuizOptions): Cache | null {
  const strange = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (strange !== undefined) {
    throw invalid(`there is no option "${strange}". There are ${KNOWN.join(' and ')}`);
  }
  const { redis: url, redisKeyPrefix: keyPrefix = DEFAULT_KEY_PREFIX } = options;
  if (!KEY_PREFIX.test(keyPrefix)) {
    throw invalid('redisKeyPrefix has 1 to 100 characters, no spaces and no braces');
  }
  if (url === undefined) {
    if (options.redisKeyPrefix === undefined) return null;
    throw invalid('redisKeyPrefix is of use with redis alone');
  }
  if (!isRedisUrl(url)) {
    throw invalid(
      'redis is a URL that begins with redis:// or rediss://, as in redis://127.0.0.1:6379',
    );
  }
  return { url, keyPrefix };
}

function isRedisUrl(url: unknown): boolean {
  return (
    typeof url === 'string' &&
    URL.canParse(url) &&
    ['redis:', 'rediss:'].includes(new URL(url).protocol)
  );
}

function invalid(what: string): HumdrumError {
  return new HumdrumError('config-invalid', `defineQuiz: ${what}.`);
}
