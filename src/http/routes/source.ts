import type { Execution } from '../../engine/show/executions.ts';
import { jobsHistory, jobsStatus, triggerJob } from '../contract/source.ts';
import { route, type Route } from '../route.ts';

const DEFAULT_HISTORY = 20;
const MAX_HISTORY = 100;

export const sourceRoutes: readonly Route[] = [
  route(jobsStatus, async ({ humdrum, query: { system = false } }) => {
    const [stats, recent] = await Promise.all([
      humdrum.getStats({ system }),
      humdrum.getExecutionHistory(10, { system }),
    ]);
    return { stats, recentExecutions: recent.map(toExecution) };
  }),

  route(jobsHistory, async ({ humdrum, query: { limit = DEFAULT_HISTORY, system = false } }) => {
    const executions = await humdrum.getExecutionHistory(Math.min(limit, MAX_HISTORY), { system });
    return { executions: executions.map(toExecution), count: executions.length };
  }),

  route(triggerJob, async ({ humdrum, identity, params: { jobName }, body }) => {
    if (humdrum.dryRun) {
      const data = await humdrum.rehearse(jobName, body);
      return {
        success: true as const,
        message: `Job '${jobName}' rehearsed: nothing was written`,
        data,
      };
    }
    await humdrum.triggerJob(jobName, body, identity.actor);
    return { success: true as const, message: `Job '${jobName}' triggered successfully` };
  }),
];

function toExecution({ name, startedAt, completedAt, success, durationMs, error }: Execution) {
  return { name, startedAt, completedAt, success, durationMs, ...(success ? {} : { error }) };
}
