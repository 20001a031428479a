import { errorMessage } from '../../errors.ts';
import { jsonText } from '../base/json-text.ts';
import type { Json } from '../base/json.ts';
import type { Effect, LogLine } from '../job/outcome.ts';

/** Without control characters, which PostgreSQL or a terminal would stumble over. */
const NAME = /^[^\p{Cc}]{1,200}$/u;
const MAX_LOG_LINES = 200;
const MAX_LOG_CHARACTERS = 2_000;

/** Records the effects and log lines of a handler, in order. */
export class Recorder {
  readonly log: LogLine[] = [];
  readonly #entries: { effect: Effect | null }[] = [];
  #dropped = 0;

  record(kind: Effect['kind'], name: string, data: Json): void {
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new TypeError(
        `The name of ${kind === 'event' ? 'an' : 'a'} ${kind} must be 1 to 200 characters.`,
      );
    }
    this.#entries.push({ effect: { kind, name, data: asJson(kind, name, data) } });
  }

  /** In the order of the calls to `record` and `reserve`. */
  get effects(): Effect[] {
    return this.#entries.flatMap(({ effect }) => effect ?? []);
  }

  /** Reserves the position of an effect that is not complete yet. `truncate` removes it like any other. */
  reserve(): { effect: Effect | null } {
    const entry = { effect: null };
    this.#entries.push(entry);
    return entry;
  }

  write(message: unknown, fields?: Record<string, Json>): void {
    if (this.log.length < MAX_LOG_LINES) {
      const line = errorMessage(message).slice(0, MAX_LOG_CHARACTERS);
      this.log.push(fields ? { message: line, fields: loggable(fields) } : { message: line });
      return;
    }
    this.#dropped += 1;
    this.log[MAX_LOG_LINES] = { message: `… ${this.#dropped} more lines dropped` };
  }

  mark(): number {
    return this.#entries.length;
  }

  /** Removes the effects recorded since `mark`. */
  truncate(mark: number): void {
    this.#entries.length = mark;
  }
}

/** Copies the data now, so that later changes to the handler's object do not reach the record. */
function asJson(kind: string, name: string, data: Json): Json {
  try {
    return JSON.parse(jsonText(data)) as Json;
  } catch (cause) {
    throw new TypeError(`The data of the ${kind} ${name} ${errorMessage(cause)}.`, { cause });
  }
}

/** Never throws: a bad log field must not fail the job. */
function loggable(fields: Record<string, Json>): Record<string, Json> {
  try {
    const text = JSON.stringify(fields);
    if (text.length <= MAX_LOG_CHARACTERS) return JSON.parse(text) as Record<string, Json>;
    return { cut: text.slice(0, MAX_LOG_CHARACTERS) };
  } catch (error) {
    return { unreadable: errorMessage(error) };
  }
}
