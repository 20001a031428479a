import {
  backfillSchedule,
  listSchedules,
  pastTicks,
  upcomingTicks,
} from '../contract/schedules.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';

const TICKS = 50;

export const scheduleRoutes: readonly Route[] = [
  route(listSchedules, async ({ humdrum }) => ({ schedules: await humdrum.listSchedules() })),

  route(upcomingTicks, async ({ humdrum, params, query }) => ({
    ticks: await humdrum.upcomingTicks(params.type, query.count),
  })),

  route(pastTicks, async ({ humdrum, params, query: { limit = TICKS, ...query } }) => {
    const ticks = await humdrum.pastTicks(params.type, { limit, ...given(query) });
    return { ticks, next: ticks.length < limit ? null : (ticks.at(-1)?.at ?? null) };
  }),

  route(backfillSchedule, async ({ humdrum, identity, params, body }) =>
    humdrum.backfill(params.type, { actor: identity.actor, ...given(body) }),
  ),
];
