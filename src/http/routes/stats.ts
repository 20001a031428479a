import { countJobs, series, statistics } from '../contract/stats.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';

export const statsRoutes: readonly Route[] = [
  route(countJobs, async ({ humdrum }) => ({ types: await humdrum.countJobs() })),

  route(statistics, async ({ humdrum, query }) => ({
    types: await humdrum.statistics(given(query)),
  })),

  route(series, async ({ humdrum, query: { type, ...query } }) => ({
    series: await humdrum.series({ ...query, ...given({ types: type }) }),
  })),
];
