import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';

export interface ArcadeOptions {
  /** Whether the job has a schedule. Without one it runs only when triggered. Default: true. */
  enablePrizePoolJob?: boolean;
  enableLeaderboardJob?: boolean;
  enableCleanupJob?: boolean;
  /** IANA time zone of the schedules. Days and weeks are always in UTC. Default: UTC. */
  timezone?: string;
  /** Sessions active for longer expire. Default: 30. */
  sessionExpiryMinutes?: number;
  /** Whether entries of old days and weeks are archived. Default: true. */
  archiveLeaderboards?: boolean;
  /** Age at which entries are archived, counted from the end of their day or week. Default: 90. */
  leaderboardArchiveAgeDays?: number;
}

export type Settings = Required<ArcadeOptions>;

const flag = z.boolean({ error: 'must be true or false' }).default(true);
const whole = (least: number, most: number, standard: number) =>
  z
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least, `must be a whole number from ${least} to ${most}`)
    .max(most, `must be a whole number from ${least} to ${most}`)
    .default(standard);

const arcadeOptions = z.strictObject({
  enablePrizePoolJob: flag,
  enableLeaderboardJob: flag,
  enableCleanupJob: flag,
  timezone: z
    .string({ error: 'must be a time zone, such as America/New_York' })
    .refine(isTimeZone, 'must be a known time zone, such as America/New_York or UTC')
    .default('UTC'),
  sessionExpiryMinutes: whole(1, 525_600, 30),
  archiveLeaderboards: flag,
  leaderboardArchiveAgeDays: whole(1, 36_500, 90),
});

/** Fills in defaults. Errors: `config-invalid`, listing each invalid option. */
export function settingsOf(options: ArcadeOptions): Settings {
  const read = arcadeOptions.safeParse(options);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(arcadeOptions.shape).join(', ');
      return `${issue.keys.join(', ')}: unknown option. Known options: ${known}`;
    }
    return `${issue.path.map(String).join('.') || 'options'}: ${issue.message}`;
  });
  throw new HumdrumError(
    'config-invalid',
    `Invalid options of defineArcade. ${problems.join('. ')}.`,
    { cause: read.error },
  );
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
