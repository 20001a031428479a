import type { Database } from '../../database/database.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import type { HumdrumOptions } from '../../engine/options.ts';
import type { Setting } from '../config.ts';

export const LEVELS = ['ok', 'warning', 'problem'] as const;
export type Level = (typeof LEVELS)[number];

/** The result of one check. */
export interface Finding {
  check: string;
  level: Level;
  says: string;
  /** The command or setting that fixes the problem. Null if there is none. */
  fix: string | null;
}

export const ok = (check: string, says: string): Finding => ({
  check,
  level: 'ok',
  says,
  fix: null,
});
export const warning = (check: string, says: string, fix: string): Finding => ({
  check,
  level: 'warning',
  says,
  fix,
});
export const problem = (check: string, says: string, fix: string): Finding => ({
  check,
  level: 'problem',
  says,
  fix,
});

/** The subject of the checks. */
export interface Patient {
  setting: Setting;
  options: HumdrumOptions;
  /** For its types and settings only. Its database is closed. */
  humdrum: Humdrum;
  database: Database;
}
