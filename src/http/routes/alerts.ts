import { dryRunRefusal } from '../../engine/base/dry-run.ts';
import { HumdrumError } from '../../errors.ts';
import * as alerts from '../../health/list-alerts.ts';
import { TEST_ALERTS } from '../../health/test-alerts.ts';
import * as contract from '../contract/alerts.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';

export const alertRoutes: readonly Route[] = [
  route(contract.testAlerts, async ({ humdrum, identity: { actor } }) => {
    if (!humdrum.types.names().includes(TEST_ALERTS)) {
      throw new HumdrumError(
        'alerts-missing',
        'This process has no alert sinks. Add `alerts: defineAlerts({ sinks: [ … ] })` to its configuration.',
      );
    }
    if (humdrum.dryRun) {
      throw dryRunRefusal('send alerts');
    }
    const { jobId, outcome } = await humdrum.run(TEST_ALERTS, {}, { actor });
    const { ended } = outcome;
    if ('error' in ended) {
      throw new HumdrumError('action-refused', `The test failed: ${ended.error.message}`);
    }
    return { job: jobId, ...contract.testAlerts.answer.pick({ sinks: true }).parse(ended.result) };
  }),

  route(contract.listAlerts, async ({ humdrum, query: { state, ...query } }) =>
    alerts.listAlerts(humdrum.database, given({ ...query, states: state })),
  ),

  route(contract.showAlert, async ({ humdrum, params: { id } }) =>
    alerts.showAlert(humdrum.database, id),
  ),

  route(
    contract.acknowledgeAlert,
    async ({ humdrum, identity: { actor }, params: { id }, body: { reason } }) => {
      if (humdrum.dryRun) throw dryRunRefusal('acknowledge alerts');
      return alerts.acknowledgeAlert(humdrum.database, id, { actor, reason });
    },
  ),
];
