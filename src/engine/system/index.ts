import type { Database } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { collectFiles } from './collect-files.ts';
import type { JobType } from '../job/job-type.ts';
import type { FileStorage } from '../ports/file-storage.ts';
import { dropHistoryAfter } from './drop-history.ts';
import { sealAudit } from './seal-audit.ts';

const DAY_MS = 86_400_000;

/** The engine's own job types. Some exist only if the options need them. */
export function systemTypes(
  database: Database,
  { files, keepDays }: { files: FileStorage | null; keepDays: number | null },
): JobType[] {
  return [
    sealAudit,
    ...(files ? [collectFiles(files)] : []),
    ...(keepDays === null ? [] : [dropHistoryAfter(database, checked(keepDays) * DAY_MS)]),
  ];
}

function checked(keepDays: number): number {
  if (Number.isFinite(keepDays) && keepDays >= 1 && keepDays <= 36_500) return keepDays;
  throw new HumdrumError(
    'config-invalid',
    `history.keepDays must be from 1 to 36,500, not ${keepDays}.`,
  );
}
