import { drain, DRAIN_METRICS } from '../drain.ts';
import { withOldSnapshot } from '../old-snapshot.ts';
import { onPostgresOnly, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  title: 'Drain beside an old snapshot',
  what: () =>
    'As the drain, while another connection holds a REPEATABLE READ snapshot from before the first job, as a backup or a report does: no dead row can be vacuumed.',
  metrics: DRAIN_METRICS,
  settings: 'best',
  suits: onPostgresOnly,
  async measure(bench) {
    const place = await bench.fresh();
    return withOldSnapshot(place, () =>
      drain(
        { ...bench, fresh: () => Promise.resolve(place) },
        { jobs: bench.scale.jobs, withinMs: bench.scale.quick ? 10_000 : 60_000 },
      ),
    );
  },
};
