import { collectFiles } from '../collect-files.ts';
import type { FileStorage } from '../file-storage.ts';
import type { JobType } from '../job-type.ts';
import { sealAudit } from './seal-audit.ts';

/** The job types that every engine has, and those that it has with a place for files. */
export function systemTypes(files: FileStorage | null): JobType[] {
  return files ? [sealAudit, collectFiles(files)] : [sealAudit];
}
