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
  /** Where the metrics are registered. Default: a registry of their own. */
  registry?: Registry;
  /** The database is asked at most once in this time. Default 5,000. */
  cacheMs?: number;
  /** A database that takes longer to answer is told as down. Default 2,000. */
  patienceMs?: number;
}

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** Counts no more. */
  stop(): void;
}

/** Counts what an engine does from now on, and tells it to Prometheus. See docs/guides/telemetry.md for each name. */
export function collectMetrics(humdrum: Humdrum, options: MetricsOptions = {}): Metrics {
  const { registry = new Registry(), cacheMs = 5_000, patienceMs = 2_000 } = options;
  const tally = new Tally(humdrum.types.all());
  const signs = new Signs(() => humdrum.vitalSigns(), { cacheMs, patienceMs });
  const look = async (): Promise<Seen> => ({
    tally,
    queues: humdrum.types.queues(),
    worker: humdrum.worker,
    connections: humdrum.database.connectionUse(),
    mostConnections: humdrum.database.connections,
    signs: await signs.read(),
  });
  for (const family of FAMILIES) registry.registerMetric(metricOf(family, look));
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    stop: humdrum.observe((event) => tally.hear(event)),
  };
}

/** What the database says, asked for once however many metrics need it. */
class Signs {
  readonly #ask: () => Promise<VitalSigns>;
  readonly #options: { cacheMs: number; patienceMs: number };
  #asked: Promise<VitalSigns | null> | null = null;
  #askedMs = -Infinity;
  #answered = true;

  constructor(ask: () => Promise<VitalSigns>, options: { cacheMs: number; patienceMs: number }) {
    this.#ask = ask;
    this.#options = options;
  }

  /** Null: it has failed, or not answered in time. It is not asked again before it has. */
  async read(): Promise<VitalSigns | null> {
    const nowMs = performance.now();
    if (!this.#asked || (this.#answered && nowMs - this.#askedMs >= this.#options.cacheMs)) {
      this.#askedMs = nowMs;
      this.#answered = false;
      this.#asked = this.#ask()
        .catch(() => null)
        .finally(() => (this.#answered = true));
    }
    return within(this.#asked, this.#options.patienceMs);
  }
}

async function within<T>(asked: Promise<T>, patienceMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** The values are made when they are asked for: between two scrapes there is nothing but the tally. */
function metricOf(family: Family, look: () => Promise<Seen>): Metric {
  const { name, help, labels } = family;
  const described = { name, help, labelNames: [...labels], registers: [] };
  if (family.kind === 'histogram') {
    const buckets = [...family.bounds];
    return new TalliedHistogram({ ...described, buckets }, async () =>
      family.samples(await look()),
    );
  }
  const { kind, samples } = family;
  if (kind === 'counter') {
    return new Counter({
      ...described,
      async collect() {
        const seen = samples(await look());
        this.reset();
        for (const [at, value] of seen) this.inc(at, value);
      },
    });
  }
  return new Gauge({
    ...described,
    async collect() {
      const seen = samples(await look());
      this.reset();
      if (labels.length === 0) this.remove(); // What is not known is not 0.
      for (const [at, value] of seen) this.set(at, value);
    },
  });
}

/** A histogram whose observations have been counted already. The registry asks it for its values by this method. */
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
