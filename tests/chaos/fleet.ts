import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Proxy } from './proxy.ts';
import { NO_SERVER, type WorkerSettings } from './worker-settings.ts';

export interface FleetOptions {
  url: string;
  count: number;
  leaseMs: number;
  concurrency: number;
  fence: boolean;
}

const PROGRAM = fileURLToPath(new URL('worker.js', import.meta.url));
const WITHOUT_FENCE = new URL('without-fence.js', import.meta.url).href;
const RESTART_MS = 300;

/** One numbered place: a proxy of its own, and the process that works there now. */
class Place {
  readonly name: string;
  readonly proxy: Proxy;
  child: ChildProcess | null = null;
  frozen: NodeJS.Timeout | null = null;

  constructor(name: string, proxy: Proxy) {
    this.name = name;
    this.proxy = proxy;
  }
}

/** The worker processes. One that ends is followed by another, until `stop`. */
export class Fleet {
  /** What ended a worker, other than the suite and a server that was away. */
  readonly crashes: string[] = [];
  readonly told = new Map<string, number>();
  readonly #options: FleetOptions;
  readonly #places: Place[];
  #stopping = false;
  readonly #killOnExit = (): void => this.#places.forEach(({ child }) => child?.kill('SIGKILL'));

  private constructor(options: FleetOptions, places: Place[]) {
    this.#options = options;
    this.#places = places;
    process.on('exit', this.#killOnExit);
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const { hostname: host, port } = new URL(options.url);
    const places = Array.from({ length: options.count }, async (_, index) => {
      return new Place(placeName(index), await Proxy.to({ host, port: Number(port) }));
    });
    const fleet = new Fleet(options, await Promise.all(places));
    for (const place of fleet.#places) fleet.#spawn(place);
    return fleet;
  }

  proxy(index: number): Proxy {
    return this.#at(index).proxy;
  }

  /** `kill -9`. */
  kill(index: number): boolean {
    return this.#at(index).child?.kill('SIGKILL') ?? false;
  }

  /** Asks it to stop as a deployment does; a frozen one does not hear. */
  replace(index: number): boolean {
    const { child, frozen } = this.#at(index);
    return frozen === null && (child?.kill('SIGTERM') ?? false);
  }

  freeze(index: number, forMs: number): boolean {
    const place = this.#at(index);
    const { child } = place;
    if (place.frozen || !child?.kill('SIGSTOP')) return false;
    place.frozen = setTimeout(() => this.#thaw(place), forMs);
    return true;
  }

  /** Ends the faults that last, and every worker, each with its jobs done or given back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ends = this.#places.map(async (place) => {
      this.#thaw(place);
      const { child } = place;
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => {
        this.crashes.push(`${place.name} did not stop within 30 s`);
        child.kill('SIGKILL');
      }, 30_000);
      await ended;
      clearTimeout(late);
    });
    await Promise.all(ends);
    await Promise.all(this.#places.map(({ proxy }) => proxy.close()));
    process.off('exit', this.#killOnExit);
  }

  calm(): void {
    for (const place of this.#places) {
      this.#thaw(place);
      place.proxy.leaveAlone();
    }
  }

  #at(index: number): Place {
    const place = this.#places[index];
    if (!place) throw new Error(`There is no worker ${index}.`);
    return place;
  }

  #thaw(place: Place): void {
    if (place.frozen) clearTimeout(place.frozen);
    place.frozen = null;
    place.child?.kill('SIGCONT');
  }

  #spawn(place: Place): void {
    const { leaseMs, concurrency, fence } = this.#options;
    const settings: WorkerSettings = {
      url: urlFor(this.#options.url, place.name, place.proxy.port),
      witnessUrl: urlFor(this.#options.url, `${place.name}-witness`),
      leaseMs,
      concurrency,
    };
    const flags = fence ? [] : ['--import', WITHOUT_FENCE];
    const child = spawn(process.execPath, [...flags, PROGRAM, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    place.child = child;
    let complained = '';
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
    child.once('exit', (code, signal) => {
      place.child = null;
      if (place.frozen) clearTimeout(place.frozen);
      place.frozen = null;
      if (signal !== 'SIGKILL' && signal !== 'SIGTERM' && code !== 0 && code !== NO_SERVER) {
        this.crashes.push(
          `${place.name} ended with ${code ?? signal}: ${complained.slice(-2_000)}`,
        );
      }
      const delayMs = code === NO_SERVER ? RESTART_MS : 0;
      if (!this.#stopping) setTimeout(() => !this.#stopping && this.#spawn(place), delayMs);
    });
  }

  #hear(line: string): void {
    const { event, doing } = JSON.parse(line) as { event: string; doing?: string };
    const what = doing ? `${event}: ${doing}` : event;
    this.told.set(what, (this.told.get(what) ?? 0) + 1);
  }
}

export function placeName(index: number): string {
  return `chaos-${index}`;
}

/** The same database, by another name for the server's list of its clients, and perhaps by another road. */
export function urlFor(url: string, applicationName: string, port?: number): string {
  const other = new URL(url);
  if (port !== undefined) {
    other.hostname = '127.0.0.1';
    other.port = String(port);
  }
  other.searchParams.set('application_name', applicationName);
  return other.href;
}
