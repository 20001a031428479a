import { didYouMean, HumdrumError } from '../../errors.ts';
import type { JobType } from '../job/job-type.ts';
import { Registry } from '../job/registry.ts';

/** The engine's own types that exist only with a setting. */
const NEEDS: Readonly<Record<string, string>> = {
  'humdrum.drop-history': '`history: { keepDays }`',
  'humdrum.collect-files': '`files`, a storage for files',
  'humdrum.check-health': '`alerts: defineAlerts()`',
  'humdrum.test-alerts': '`alerts: defineAlerts()`',
};

/** The types of an engine. Says of its own types which setting they need. */
export class KnownTypes extends Registry {
  /** Errors: `type-unknown`, with the missing setting or the nearest name. */
  override get(name: string): JobType {
    try {
      return super.get(name);
    } catch (cause) {
      throw new HumdrumError('type-unknown', `There is no job type "${name}".${this.#hint(name)}`, {
        cause,
      });
    }
  }

  #hint(name: string): string {
    const setting = Object.hasOwn(NEEDS, name) ? NEEDS[name] : undefined;
    if (setting !== undefined) return ` It needs the setting ${setting}, which is not set.`;
    const names = this.names();
    return names.length === 0 ? ' No job types are defined.' : didYouMean(name, names);
  }
}
