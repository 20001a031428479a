import { showSystem } from '../contract/system.ts';
import { route, type Route } from '../route.ts';
import { version } from '../version.ts';

export const systemRoutes: readonly Route[] = [
  route(showSystem, async ({ humdrum }) => {
    const { backend, migrations, ...database } = await humdrum.databaseFacts();
    const { dryRun } = humdrum;
    return { version, node: process.version, dryRun, backend, database, migrations };
  }),
];
