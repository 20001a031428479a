import type { Database } from '../../database/database.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import type { HumdrumOptions } from '../../engine/options.ts';
import type { Setting } from '../config.ts';

export const LEVELS = ['ok', 'warning', 'problem'] as const;
export type Level = (typeof LEVELS)[number];

/** What one check has found. */
export interface Finding {
  check: string;
  level: Level;
  says: string;
  /** The command or setting that mends it. Null where nothing need be mended. */
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

/** What is examined. */
export interface Patient {
  setting: Setting;
  options: HumdrumOptions;
  /** Its types and settings; its database is closed. */
  humdrum: Humdrum;
  database: Database;
}
