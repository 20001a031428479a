import { didYouMean, HumdrumError } from '../../errors.ts';
import { isScheduled, type JobType, type ScheduledType, signature } from './job-type.ts';

/** Prefixes reserved for the engine's own types. */
const RESERVED = ['humdrum.', 'deliver.', 'notify.'] as const;

/** SQL: whether the type in `column` is one of the engine's own. */
export const isSystemType = (column: string): string =>
  `(${RESERVED.map((prefix) => `starts_with(${column}, '${prefix}')`).join(' or ')})`;

/** The job types that this process knows. */
export class Registry {
  readonly #own: readonly JobType[];
  readonly #types: readonly JobType[];
  readonly #byName = new Map<string, JobType>();
  /** The signatures that a worker claims: all types and aliases, in each version that they can run. `known`: as a set. */
  readonly signatures: readonly string[];
  readonly known: ReadonlySet<string>;
  /** Those whose jobs have a single attempt. The engine's own never matter: they are run at once. */
  readonly single: readonly string[];
  /** The types with a schedule, by name. */
  readonly scheduled: ReadonlyMap<string, ScheduledType>;

  /** `engine`: the engine's own types, which may use reserved names. */
  constructor(own: readonly JobType[], engine: readonly JobType[] = []) {
    for (const name of own.flatMap(namesOf)) refuseReserved(name);
    this.#own = own;
    this.#types = [...own, ...engine];
    this.scheduled = new Map(this.#types.filter(isScheduled).map((type) => [type.type, type]));
    for (const type of this.#types) {
      for (const name of namesOf(type)) this.#add(name, type);
    }
    this.signatures = this.#types.flatMap(signaturesOf);
    this.known = new Set(this.signatures);
    this.single = own.filter(({ retry }) => retry.attempts === 1).flatMap(signaturesOf);
  }

  #add(name: string, type: JobType): void {
    if (this.#byName.has(name)) {
      throw new HumdrumError('type-invalid', `Two job types are called "${name}". Rename one.`);
    }
    this.#byName.set(name, type);
  }

  /** Finds a type by its name or an alias. Errors: `type-unknown`, with the nearest name. */
  get(name: string): JobType {
    const type = this.#byName.get(name);
    if (type) return type;
    const names = this.names();
    const hint =
      names.length === 0
        ? ' No job types are defined.'
        : didYouMean(name, names) || ' List the types with: humdrum types';
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

  /** The queues that these types use. */
  queues(): string[] {
    return [...new Set(this.#types.map(({ queue }) => queue))];
  }

  all(): readonly JobType[] {
    return this.#types;
  }
}

const namesOf = ({ type, aliases }: JobType): string[] => [type, ...aliases];

const signaturesOf = (type: JobType): string[] =>
  namesOf(type).flatMap((name) => type.versions().map((version) => signature(name, version)));

function refuseReserved(name: string): void {
  const prefix = RESERVED.find((reserved) => name.startsWith(reserved));
  if (prefix === undefined) return;
  throw new HumdrumError(
    'type-invalid',
    `The job type name "${name}" is reserved: names that begin with "${prefix}" are the engine's own.`,
  );
}
