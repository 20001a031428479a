import { describeCron } from '../../engine/schedule/describe-cron.ts';
import type { JobType } from '../../engine/job/job-type.ts';
import { listTypes, rehearseType } from '../contract/types.ts';
import { route, type Route } from '../route.ts';

export const typeRoutes: readonly Route[] = [
  route(listTypes, async ({ humdrum: { types } }) => {
    const own = new Set(types.own());
    return { types: types.all().map((type) => described(type, !own.has(type))) };
  }),

  route(rehearseType, async ({ humdrum, params, body: { input, at } }) =>
    humdrum.rehearse(params.type, input, at),
  ),
];

function described(type: JobType, isEngines: boolean) {
  const { schedule, retry } = type;
  return {
    type: type.type,
    description: type.description,
    isEngines,
    queue: type.queue,
    priority: type.priority,
    atomic: type.atomic,
    version: type.version,
    aliases: type.aliases,
    attributes: type.attributes,
    secrets: type.secrets,
    schedule: schedule && { ...schedule, words: describeCron(schedule.cron) },
    retry,
    timeoutMs: type.timeoutMs,
    startWithinMs: type.startWithinMs,
    inputSchema: type.inputSchema(),
  };
}
