import { closest } from 'fastest-levenshtein';
import { HumdrumError } from '../errors.ts';
import type { JobType } from './job-type.ts';

/** The job types that this process knows. */
export class Registry {
  readonly #types: ReadonlyMap<string, JobType>;

  constructor(types: readonly JobType[]) {
    const byName = new Map<string, JobType>();
    for (const type of types) {
      if (byName.has(type.type)) {
        throw new HumdrumError(
          'type-invalid',
          `Two job types are called "${type.type}". Rename one.`,
        );
      }
      byName.set(type.type, type);
    }
    this.#types = byName;
  }

  /** Errors: `type-unknown`, with the nearest name. */
  get(name: string): JobType {
    const type = this.#types.get(name);
    if (type) return type;
    const names = this.names();
    const hint =
      names.length > 0 ? ` Did you mean "${closest(name, names)}"?` : ' No job types are defined.';
    throw new HumdrumError('type-unknown', `There is no job type "${name}".${hint}`);
  }

  names(): string[] {
    return [...this.#types.keys()];
  }

  all(): JobType[] {
    return [...this.#types.values()];
  }
}
