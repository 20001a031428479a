export { HumdrumModule } from './humdrum-module.ts';
export { JobHandler, jobTypeOf } from './job-handler.ts';
export type { HandlerClass, HandlerDefinition, RunsJobs } from './job-handler.ts';
export type { HumdrumAsyncOptions, HumdrumModuleOptions, Mode } from './module-options.ts';
export { Humdrum } from '../engine/humdrum.ts';
