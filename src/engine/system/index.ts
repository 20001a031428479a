import type { JobType } from '../job-type.ts';
import { sealAudit } from './seal-audit.ts';

/** The job types that every engine has. */
export const systemTypes: readonly JobType[] = [sealAudit];
