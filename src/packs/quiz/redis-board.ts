import type { Board } from './board-queries.ts';
import type { Place } from './page-queries.ts';
import type { RedisClient } from './redis-client.ts';
import type { LeaderboardType } from './rules.ts';

/**
 * A board in Redis. `ranks` is a sorted set with each player's rank as the score. `players` is a hash with each player's points
 * and name. `edition` names the state of the board in PostgreSQL that it copies. Ranks are used as scores because points together
 * with the tie-breaking time do not fit into the 53 bits of a score.
 */
export interface BoardKeys {
  readonly ranks: string;
  readonly players: string;
  readonly edition: string;
}

/** The part in braces is the cluster's hash tag, so all keys of a board are on the same node. */
export function keysOf(prefix: string, type: LeaderboardType): BoardKeys {
  const board = `${prefix}{${type}}`;
  return { ranks: `${board}:ranks`, players: `${board}:players`, edition: `${board}:edition` };
}

/** Unique for each state of a board, also if a recreated database counts from 1 again. */
export function editionOf({ version, changedAt }: Board): string {
  return `${version} of ${changedAt?.toISOString() ?? 'never'}`;
}

/** Expiry of drafts left by a builder that was killed. */
const DRAFT_SECONDS = 3_600;

/** A board under construction, under keys that readers do not use. */
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

  /** Atomically replaces the board that readers see. */
  async publish(edition: string): Promise<void> {
    const { ranks, players, edition: editionKey } = this.#keys;
    const keys = [this.#ranks, ranks, this.#players, players, editionKey];
    await this.#client.eval(PUBLISH, { keys, arguments: [edition] });
  }
}

// Redis has no empty sets: an empty board has no keys.
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

/** Whether Redis has this edition completely. It may evict keys when memory is short. */
export async function isPublished(
  client: RedisClient,
  { ranks, players, edition: key }: BoardKeys,
  board: Board,
): Promise<boolean> {
  const [edition, found] = await Promise.all([client.get(key), client.exists([ranks, players])]);
  return edition === editionOf(board) && found === (board.players > 0 ? 2 : 0);
}

/** A range of places, counted from 0, or from the place of the player `around`. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly around?: string;
}

/** Null if Redis does not have this edition completely. */
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
  for (const [at, player] of about.entries()) {
    const [userId = '', rank] = placed.slice(2 * at, 2 * at + 2);
    if (player === null) return null;
    const [score, username] = JSON.parse(player) as [number, string];
    places.push({ rank: Number(rank), userId, username, score });
  }
  return places;
}

// One script, so that ranks, points and edition belong together even while the board is being replaced.
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
