import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Database, Transaction } from '../../database/database.ts';
import { errorMessage } from '../../errors.ts';
import type { GameRecord } from './game.ts';
import { csvInvalid, readGames, type ReadGame } from './games-csv.ts';
import { gamesWithSettledBets, lockKnownGames, upsertGames } from './queries.ts';
import type { Game } from './rules.ts';

const GAMES_PER_BATCH = 1_000;

/** A file, or its text with a name to use in messages. */
export type GamesSource =
  { readonly path: string } | { readonly text: string; readonly name: string };

export interface ImportGamesResult {
  /** Games in the file: the sum of the other three counts. */
  games: number;
  inserted: number;
  updated: number;
  unchanged: number;
}

/**
 * Stores the games of a CSV file, all or none. A row with scores makes its game final. A row without scores leaves a live,
 * postponed or void game unchanged, and removes a result unless bets were settled by it.
 *
 * Errors: `csv-invalid`, with a line for each bad cell, and for each game whose bets were settled with a different score.
 */
export async function importGames(
  db: Database,
  source: GamesSource,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<ImportGamesResult> {
  const { name, text } = await open(source);
  const games = readGames(text, name);
  return db.transaction(async (tx) => {
    const result = { games: games.length, inserted: 0, updated: 0, unchanged: 0 };
    const refused: string[] = [];
    for (const batch of batchesOf(games)) {
      const known = await lockKnown(tx, batch);
      refused.push(...batch.flatMap((read) => contradiction(read, known.get(read.game.id))));
      const merged = batch.map(({ game }) => merge(game, known.get(game.id)));
      const written = await upsertGames(tx, merged);
      const updated = written.filter((id) => known.has(id)).length;
      result.updated += updated;
      result.inserted += written.length - updated;
      result.unchanged += batch.length - written.length;
      onProgress(result.inserted + result.updated + result.unchanged, games.length);
    }
    if (refused.length > 0) throw csvInvalid(name, refused);
    return result;
  });
}

async function open(source: GamesSource): Promise<{ name: string; text: string }> {
  if ('text' in source) return source;
  const name = basename(source.path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(source.path));
    return { name, text };
  } catch (error) {
    throw csvInvalid(
      name,
      [`the file cannot be read as UTF-8 text: ${errorMessage(error)}`],
      error,
    );
  }
}

function* batchesOf(games: readonly ReadGame[]): Generator<readonly ReadGame[]> {
  for (let start = 0; start < games.length; start += GAMES_PER_BATCH) {
    yield games.slice(start, start + GAMES_PER_BATCH);
  }
}

interface KnownGame extends Game {
  readonly hasSettledBets: boolean;
}

async function lockKnown(
  tx: Transaction,
  batch: readonly ReadGame[],
): Promise<Map<string, KnownGame>> {
  const ids = batch.map(({ game }) => game.id);
  const games = await lockKnownGames(tx, ids);
  const settled = new Set(await gamesWithSettledBets(tx, ids));
  return new Map(games.map((game) => [game.id, { ...game, hasSettledBets: settled.has(game.id) }]));
}

function contradiction({ line, game }: ReadGame, known: KnownGame | undefined): string[] {
  if (!known?.hasSettledBets || resultOf(merge(game, known)) === resultOf(known)) return [];
  return [
    `line ${line}: bets on ${game.awayTeam} at ${game.homeTeam} (${game.id}) were settled with the result ` +
      `${resultOf(known)}, but the file has ${resultOf(game)}. A settled result cannot be changed: correct or remove the line`,
  ];
}

type Result = Pick<GameRecord, 'state' | 'homeScore' | 'awayScore'>;

function resultOf({ state, homeScore, awayScore }: Result): string {
  return homeScore === null || awayScore === null ? state : `${state} ${homeScore}:${awayScore}`;
}

/** Keeps what the file cannot express: that a game is live, postponed or void, and a live game's score. */
function merge<Row extends Result>(game: Row, known: Result | undefined): Row {
  if (!known || game.state === 'final' || known.state === 'final') return game;
  const { state, homeScore, awayScore } = known;
  return { ...game, state, homeScore, awayScore };
}
