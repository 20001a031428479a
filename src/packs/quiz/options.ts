import { HumdrumError } from '../../errors.ts';

export interface QuizOptions {
  /** URL of a Redis to cache the leaderboards in: `redis://host:6379`, `rediss://…`. Needs the package `redis`. Default: none. */
  redis?: string;
  /** Prefix of the keys in Redis. Use a different one per database. Default: `quiz:leaderboard:`. */
  redisKeyPrefix?: string;
}

/** The Redis that caches the leaderboards. */
export interface Cache {
  readonly url: string;
  readonly keyPrefix: string;
}

const DEFAULT_KEY_PREFIX = 'quiz:leaderboard:';
const KEY_PREFIX = /^[^\s{}]{1,100}$/;
const KNOWN = ['redis', 'redisKeyPrefix'];

/** Null without Redis. Errors: `config-invalid`. */
export function cacheOf(options: QuizOptions): Cache | null {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw invalid(`unknown option "${unknown}". Known options: ${KNOWN.join(' and ')}`);
  }
  const { redis: url, redisKeyPrefix: keyPrefix = DEFAULT_KEY_PREFIX } = options;
  if (!KEY_PREFIX.test(keyPrefix)) {
    throw invalid('redisKeyPrefix must have 1 to 100 characters, without spaces or braces');
  }
  if (url === undefined) {
    if (options.redisKeyPrefix === undefined) return null;
    throw invalid('redisKeyPrefix needs the option redis');
  }
  if (!isRedisUrl(url)) {
    throw invalid(
      'redis must be a URL that starts with redis:// or rediss://, such as redis://127.0.0.1:6379',
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
