import { closest } from 'fastest-levenshtein';
import { HumdrumError } from '../errors.ts';
import { signature, type JobType } from './job-type.ts';

/** The job types that this process knows. */
export class Registry {
  readonly #types: ReadonlyMap<string, JobType>;
  readonly #byName: ReadonlyMap<string, JobType>;
  /** Of all types, their aliases and the versions that they can run: what a worker claims. */
  readonly signatures: readonly string[];

  constructor(types: readonly JobType[]) {
    const byName = new Map<string, JobType>();
    for (const type of types) {
      for (const name of [type.type, ...type.aliases]) {
        if (byName.has(name)) {
          throw new HumdrumError('type-invalid', `Two job types are called "${name}". Rename one.`);
        }
        byName.set(name, type);
      }
    }
    this.#byName = byName;
    this.#types = new Map(types.map((type) => [type.type, type]));
    this.signatures = [...byName].flatMap(([name, type]) =>
      type.versions().map((version) => signature(name, version)),
    );
  }

  /** By its name or an alias. Errors: `type-unknown`, with the nearest name. */
  get(name: string): JobType {
    const type = this.#byName.get(name);
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
