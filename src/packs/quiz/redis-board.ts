import type { Board } from './board-queries.ts';
import type { Place } from './page-queries.ts';
import type { RedisClient } from './redis-client.ts';
import type { LeaderboardType } from './rules.ts';

/**
 * A board in Redis: `ranks`, a sorted set with the rank as the score of each player; `players`, a hash with points and name
 * of each; `edition`, which says of what state of the board in PostgreSQL it is a copy. A rank is exact as a score, and ties
 * are broken before it is one: points, with the time that breaks ties, do not fit into the 53 bits of a score.
 */
export interface BoardKeys {
  readonly ranks: string;
  readonly players: string;
  readonly edition: string;
}

/** What is in braces decides where a cluster keeps a key: those of one board lie together. */
export function keysOf(prefix: string, type: LeaderboardType): BoardKeys {
  const board = `${prefix}{${type}}`;
  return { ranks: `${board}:ranks`, players: `${board}:players`, edition: `${board}:edition` };
}

/** The same for no two states of a board, also where a database was made anew and counts from 1 again. */
export function editionOf({ version, changedAt }: Board): string {
  return `${version} of ${changedAt?.toISOString() ?? 'never'}`;
}

/** Nobody misses what a builder that was killed has left. */
const DRAFT_SECONDS = 3_600;

/** A board that is being built, under keys that no reader knows. */
export class Draft {
  readonly #client: RedisClient;
  readonly #keys: BoardKeys;
  readonly #ranks: string;
  readonly #players: string;

  constructor(client: RedisClient, keys: BoardKeys, builder: string) {
    this.#client = client;
    this.#keys = keys;
    this.#ranks = `${keys.ranks}:building:${builder}`;
    this.#players = `${keys.players}:building:${builder}`;
  }

  async add(places: readonly Place[]): Promise<void> {
    const ranks = places.map(({ rank, userId }) => ({ score: rank, value: userId }));
    const players = places.map(({ userId, score, username }): [string, string] => [
      userId,
      JSON.stringify([score, username]),
    ]);
    await Promise.all([
      this.#client.zAdd(this.#ranks, ranks),
      this.#client.expire(this.#ranks, DRAFT_SECONDS),
      this.#client.hSet(this.#players, players),
      this.#client.expire(this.#players, DRAFT_SECONDS),
    ]);
  }

  async drop(): Promise<void> {
    await this.#client.unlink([this.#ranks, this.#players]);
  }

  /** Takes the place of the board that readers see, all of it at once. */
  async publish(edition: string): Promise<void> {
    const { ranks, players, edition: editionKey } = this.#keys;
    const keys = [this.#ranks, ranks, this.#players, players, editionKey];
    await this.#client.eval(PUBLISH, { keys, arguments: [edition] });
  }
}

// A board without players is no key at all.
const PUBLISH = `
local function replace(draft, live)
  if redis.call('EXISTS', draft) == 1 then
    redis.call('RENAME', draft, live)
    redis.call('PERSIST', live)
  else
    redis.call('DEL', live)
  end
end
redis.call('DEL', KEYS[5])
replace(KEYS[1], KEYS[2])
replace(KEYS[3], KEYS[4])
redis.call('SET', KEYS[5], ARGV[1])`;

/** Whether Redis has this edition, and all of it: it may throw keys away where its memory is short. */
export async function isPublished(
  client: RedisClient,
  { ranks, players, edition: key }: BoardKeys,
  board: Board,
): Promise<boolean> {
  const [edition, found] = await Promise.all([client.get(key), client.exists([ranks, players])]);
  return edition === editionOf(board) && found === (board.players > 0 ? 2 : 0);
}

/** From one place to another, counted from 0; or, with `around`, from the place of that player. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly around?: string;
}

/** Null: Redis has not this edition, or not all of it. */
export async function readPlaces(
  client: RedisClient,
  { ranks, players, edition: key }: BoardKeys,
  edition: string,
  { first, last, around = '' }: Stretch,
): Promise<Place[] | null> {
  const answer = (await client.eval(READ, {
    keys: [ranks, players, key],
    arguments: [edition, String(first), String(last), around],
  })) as [placed: string[], about: (string | null)[]] | null;
  if (!answer) return null;
  const [placed, about] = answer;
  const places: Place[] = [];
  for (const [at, said] of about.entries()) {
    const [userId = '', rank] = placed.slice(2 * at, 2 * at + 2);
    if (said === null) return null;
    const [score, username] = JSON.parse(said) as [number, string];
    places.push({ rank: Number(rank), userId, username, score });
  }
  return places;
}

// In one script, so that ranks, points and edition are of one board also while it is replaced.
const READ = `
if redis.call('GET', KEYS[3]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then return false end
local first, last = tonumber(ARGV[2]), tonumber(ARGV[3])
if ARGV[4] ~= '' then
  local at = redis.call('ZRANK', KEYS[1], ARGV[4])
  if not at then return {{}, {}} end
  first, last = math.max(0, at + first), at + last
end
local placed = redis.call('ZRANGE', KEYS[1], first, last, 'WITHSCORES')
local ids = {}
for i = 1, #placed, 2 do ids[#ids + 1] = placed[i] end
if #ids == 0 then return {{}, {}} end
return {placed, redis.call('HMGET', KEYS[2], unpack(ids))}`;
