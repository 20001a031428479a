import { paced, PACED_METRICS, whatIsPaced } from '../paced.ts';
import { onPostgresOnly, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  title: '500 jobs a second',
  what: whatIsPaced,
  metrics: PACED_METRICS,
  settings: 'best',
  suits: onPostgresOnly,
  onDemand: true,
  measure: async (bench) => paced(bench, await bench.fresh()),
};
