import { count } from './output.ts';

const WIDTH = 24;

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown };

/** A progress bar on standard error, if that is a terminal. Call `end` before printing anything else. */
export class Progress {
  readonly #label: string;
  readonly #stream: Terminal;
  #drawn = false;

  constructor(label: string, stream: Terminal = process.stderr) {
    this.#label = label;
    this.#stream = stream;
  }

  show(done: number, of: number): void {
    const part = of === 0 ? 1 : Math.min(done / of, 1);
    const full = Math.round(part * WIDTH);
    const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
    this.#draw(`${this.#label}  ${bar}  ${count(done)} of ${count(of)}`);
  }

  /** Shows progress towards an unknown total. */
  showSome(done: number, what: string): void {
    this.#draw(`${this.#label}  ${count(done)} ${what}`);
  }

  #draw(line: string): void {
    if (!this.#stream.isTTY) return;
    this.#stream.write(
      `\r\u001b[2K${line.slice(0, Math.max((this.#stream.columns ?? 80) - 1, 10))}`,
    );
    this.#drawn = true;
  }

  end(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
