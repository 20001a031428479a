import { withOldSnapshot } from '../old-snapshot.ts';
import { paced, PACED_METRICS } from '../paced.ts';
import { onPostgresOnly, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  title: '500 jobs a second beside an old snapshot',
  what: () =>
    'The same, while another connection holds a REPEATABLE READ snapshot from before the first job.',
  metrics: PACED_METRICS,
  settings: 'best',
  suits: onPostgresOnly,
  onDemand: true,
  async measure(bench) {
    const place = await bench.fresh();
    return withOldSnapshot(place, () => paced(bench, place));
  },
};
