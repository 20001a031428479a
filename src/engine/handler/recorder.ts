import { errorMessage } from '../../errors.ts';
import type { Json } from '../base/json.ts';
import type { Effect, LogLine } from '../job/outcome.ts';

const MAX_LOG_LINES = 200;
const MAX_LOG_CHARACTERS = 2_000;

/** What a handler says while it runs: effects and log lines, in order. */
export class Recorder {
  readonly log: LogLine[] = [];
  readonly #places: { effect: Effect | null }[] = [];
  #dropped = 0;

  record(kind: Effect['kind'], name: string, data: Json): void {
    if (typeof name !== 'string' || name === '') throw new TypeError(`${kind}: a name is missing.`);
    this.#places.push({ effect: { kind, name, data: asJson(kind, name, data) } });
  }

  /** In the order in which they were asked for. */
  get effects(): Effect[] {
    return this.#places.flatMap(({ effect }) => effect ?? []);
  }

  /** Keeps a place for an effect that takes its time. It is undone as if it had been there at once. */
  reserve(): { effect: Effect | null } {
    const place = { effect: null };
    this.#places.push(place);
    return place;
  }

  write(message: string, fields?: Record<string, Json>): void {
    if (this.log.length < MAX_LOG_LINES) {
      const line = message.slice(0, MAX_LOG_CHARACTERS);
      this.log.push(fields ? { message: line, fields: loggable(fields) } : { message: line });
      return;
    }
    this.#dropped += 1;
    this.log[MAX_LOG_LINES] = { message: `… and ${this.#dropped} more lines, not kept` };
  }

  mark(): number {
    return this.#places.length;
  }

  undoTo(mark: number): void {
    this.#places.length = mark;
  }
}

/** A copy, taken now: what the handler does to its object afterwards changes no fact. */
function asJson(kind: string, name: string, data: Json): Json {
  try {
    return JSON.parse(JSON.stringify(data)) as Json;
  } catch (cause) {
    throw new TypeError(`The data of the ${kind} ${name} cannot be stored as JSON.`, { cause });
  }
}

/** No job fails for what it wanted to say about itself. */
function loggable(fields: Record<string, Json>): Record<string, Json> {
  try {
    const text = JSON.stringify(fields);
    if (text.length <= MAX_LOG_CHARACTERS) return JSON.parse(text) as Record<string, Json>;
    return { cut: text.slice(0, MAX_LOG_CHARACTERS) };
  } catch (error) {
    return { unreadable: errorMessage(error) };
  }
}
