import { didYouMean, HumdrumError } from '../../errors.ts';
import { isScheduled, type JobType, type ScheduledType, signature } from './job-type.ts';

/** Names that begin like this are the engine's own. */
const RESERVED = ['humdrum.', 'deliver.', 'notify.'];

/** The job types that this process knows. */
export class Registry {
  readonly #own: readonly JobType[];
  readonly #types: readonly JobType[];
  readonly #byName = new Map<string, JobType>();
  /** Of all types, their aliases and the versions that they can run: what a worker claims. `known` has the same. */
  readonly signatures: readonly string[];
  readonly known: ReadonlySet<string>;
  /** Those with a schedule, by their names. */
  readonly scheduled: ReadonlyMap<string, ScheduledType>;

  /** `engine`: types that the engine makes itself. */
  constructor(own: readonly JobType[], engine: readonly JobType[] = []) {
    for (const name of own.flatMap(namesOf)) refuseReserved(name);
    this.#own = own;
    this.#types = [...own, ...engine];
    this.scheduled = new Map(this.#types.filter(isScheduled).map((type) => [type.type, type]));
    for (const type of this.#types) {
      for (const name of namesOf(type)) this.#add(name, type);
    }
    this.signatures = [...this.#byName].flatMap(([name, type]) =>
      type.versions().map((version) => signature(name, version)),
    );
    this.known = new Set(this.signatures);
  }

  #add(name: string, type: JobType): void {
    if (this.#byName.has(name)) {
      throw new HumdrumError('type-invalid', `Two job types are called "${name}". Rename one.`);
    }
    this.#byName.set(name, type);
  }

  /** By its name or an alias. Errors: `type-unknown`, with the nearest name. */
  get(name: string): JobType {
    const type = this.#byName.get(name);
    if (type) return type;
    const names = this.names();
    const hint =
      names.length === 0
        ? ' No job types are defined.'
        : didYouMean(name, names) || ' See which there are: humdrum types';
    throw new HumdrumError('type-unknown', `There is no job type "${name}".${hint}`);
  }

  names(): string[] {
    return this.#types.map(({ type }) => type);
  }

  /** Without the engine's own. */
  ownNames(): string[] {
    return this.#own.map(({ type }) => type);
  }

  /** Without the engine's own. */
  own(): readonly JobType[] {
    return this.#own;
  }

  /** Those that its types are put in. */
  queues(): string[] {
    return [...new Set(this.#types.map(({ queue }) => queue))];
  }

  all(): readonly JobType[] {
    return this.#types;
  }
}

const namesOf = ({ type, aliases }: JobType): string[] => [type, ...aliases];

function refuseReserved(name: string): void {
  const prefix = RESERVED.find((reserved) => name.startsWith(reserved));
  if (prefix === undefined) return;
  throw new HumdrumError(
    'type-invalid',
    `"${name}" is no name for your job type: what begins with "${prefix}" is the engine's own.`,
  );
}
