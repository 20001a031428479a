import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';

export interface ArcadeOptions {
  /** Whether the job has a schedule. Without one it runs when it is triggered. Default true. */
  enablePrizePoolJob?: boolean;
  enableLeaderboardJob?: boolean;
  enableCleanupJob?: boolean;
  /** IANA name: whose clocks the schedules go by. Days and weeks are of UTC whatever it is. Default UTC. */
  timezone?: string;
  /** A session that is active for longer is expired. Default 30. */
  sessionExpiryMinutes?: number;
  /** Whether entries of old days and weeks are moved to the archive. Default true. */
  archiveLeaderboards?: boolean;
  /** So long after its day or week has ended. Default 90. */
  leaderboardArchiveAgeDays?: number;
}

export type Settings = Required<ArcadeOptions>;

const flag = z.boolean({ error: 'it is true or false' }).default(true);
const whole = (least: number, most: number, standard: number) =>
  z
    .int({ error: `it is a whole number from ${least} to ${most}` })
    .min(least, `it is a whole number from ${least} to ${most}`)
    .max(most, `it is a whole number from ${least} to ${most}`)
    .default(standard);

const arcadeOptions = z.strictObject({
  enablePrizePoolJob: flag,
  enableLeaderboardJob: flag,
  enableCleanupJob: flag,
  timezone: z
    .string({ error: 'it is the name of a time zone, like America/New_York' })
    .refine(isTimeZone, 'there is no such time zone: it is a name like America/New_York, or UTC')
    .default('UTC'),
  sessionExpiryMinutes: whole(1, 525_600, 30),
  archiveLeaderboards: flag,
  leaderboardArchiveAgeDays: whole(1, 36_500, 90),
});

/** With every default filled in. Errors: `config-invalid`, naming each option that cannot be taken. */
export function settingsOf(options: ArcadeOptions): Settings {
  const read = arcadeOptions.safeParse(options);
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(arcadeOptions.shape).join(', ');
      return `${issue.keys.join(', ')}: there is no such option; there are ${known}`;
    }
    return `${issue.path.map(String).join('.') || 'options'}: ${issue.message}`;
  });
  throw new HumdrumError(
    'config-invalid',
    `defineArcade cannot take its options. ${problems.join('. ')}.`,
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
