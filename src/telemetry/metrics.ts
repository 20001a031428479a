import {
  Counter,
  Gauge,
  Histogram,
  Registry,
  type HistogramConfiguration,
  type Metric,
} from 'prom-client';
import type { Humdrum } from '../engine/humdrum.ts';
import type { VitalSigns } from '../engine/show/vital-signs.ts';
import type { Distribution } from './distribution.ts';
import { FAMILIES } from './families.ts';
import type { Family, Sample, Seen } from './family.ts';
import { Tally } from './tally.ts';

export interface MetricsOptions {
  /** The registry to add the metrics to. Default: a new one. */
  registry?: Registry;
  /** How long database metrics are cached. Default: 5,000. */
  cacheMs?: number;
  /** A database that takes longer to answer is reported as down. Default: 2,000. */
  patienceMs?: number;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** Stops counting. */
  stop(): void;
}

/** Counts what the engine does from now on, for Prometheus. docs/guides/telemetry.md lists the metrics. */
export function collectMetrics(humdrum: Humdrum, options: MetricsOptions = {}): Metrics {
  const { registry = new Registry(), cacheMs = 5_000, patienceMs = 2_000 } = options;
  const tally = new Tally(humdrum.types.all());
  const signs = new Signs(() => humdrum.vitalSigns(), { cacheMs, patienceMs });
  const read = async (): Promise<Seen> => ({
    tally,
    queues: humdrum.types.queues(),
    worker: humdrum.worker,
    connections: humdrum.database.connectionUse(),
    mostConnections: humdrum.database.connections,
    signs: await signs.read(),
  });
  for (const family of FAMILIES) registry.registerMetric(metricOf(family, read));
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    stop: humdrum.observe((event) => tally.hear(event)),
  };
}

/** Caches the database's vital signs, so that all metrics of a scrape share one query. */
class Signs {
  readonly #ask: () => Promise<VitalSigns>;
  readonly #options: { cacheMs: number; patienceMs: number };
  #reading: Promise<VitalSigns | null> | null = null;
  #startedMs = -Infinity;
  #isSettled = true;

  constructor(ask: () => Promise<VitalSigns>, options: { cacheMs: number; patienceMs: number }) {
    this.#ask = ask;
    this.#options = options;
  }

  /** Null if the query failed or took too long. A new query starts only after the previous one has ended. */
  async read(): Promise<VitalSigns | null> {
    const nowMs = performance.now();
    if (!this.#reading || (this.#isSettled && nowMs - this.#startedMs >= this.#options.cacheMs)) {
      this.#startedMs = nowMs;
      this.#isSettled = false;
      this.#reading = this.#ask()
        .catch(() => null)
        .finally(() => (this.#isSettled = true));
    }
    return within(this.#reading, this.#options.patienceMs);
  }
}

async function within<T>(promise: Promise<T>, patienceMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Values are computed during a scrape. Between scrapes only the tally is kept. */
function metricOf(family: Family, read: () => Promise<Seen>): Metric {
  const { name, help, labels } = family;
  const described = { name, help, labelNames: [...labels], registers: [] };
  if (family.kind === 'histogram') {
    const buckets = [...family.bounds];
    return new TalliedHistogram({ ...described, buckets }, async () =>
      family.samples(await read()),
    );
  }
  const { kind, samples } = family;
  if (kind === 'counter') {
    return new Counter({
      ...described,
      async collect() {
        const seen = samples(await read());
        this.reset();
        for (const [at, value] of seen) this.inc(at, value);
      },
    });
  }
  return new Gauge({
    ...described,
    async collect() {
      const seen = samples(await read());
      this.reset();
      if (labels.length === 0) this.remove(); // An unknown value must be absent, not 0.
      for (const [at, value] of seen) this.set(at, value);
    },
  });
}

/** A histogram of values that are already counted. The registry reads it through `getForPromString`. */
class TalliedHistogram extends Histogram {
  readonly #described: { name: string; help: string };
  readonly #samples: () => Promise<readonly Sample<Distribution>[]>;

  constructor(
    described: HistogramConfiguration<string>,
    samples: () => Promise<readonly Sample<Distribution>[]>,
  ) {
    super(described);
    this.#described = described;
    this.#samples = samples;
  }

  async getForPromString(): Promise<object> {
    const { name, help } = this.#described;
    const samples = await this.#samples();
    const values = samples.flatMap((sample) => valuesOf(name, sample));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

function valuesOf(family: string, [labels, { bounds, counts, sum }]: Sample<Distribution>) {
  const value = (part: string, of: number, le?: number | '+Inf') => ({
    metricName: `${family}_${part}`,
    labels: le === undefined ? labels : { ...labels, le },
    value: of,
  });
  let total = 0;
  const buckets = counts.map((times, at) =>
    value('bucket', (total += times), bounds[at] ?? '+Inf'),
  );
  return [...buckets, value('sum', sum), value('count', total)];
}
