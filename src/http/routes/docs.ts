import { docsFile, showDocs, showOpenApi } from '../contract/docs.ts';
import { docsFile as fileOf, docsPage } from '../docs.ts';
import { openApi } from '../openapi.ts';
import { route, stream, type Route } from '../route.ts';

export const docsRoutes: readonly Route[] = [
  route(showOpenApi, async ({ basePath }) => openApi(basePath)),
  stream(showDocs, async () => docsPage()),
  stream(docsFile, async ({ params }) => fileOf(params.file)),
];
