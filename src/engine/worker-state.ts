/** `lost`: it has not been heard of in time, and what it ran is about to be rescued. */
export const WORKER_STATES = ['alive', 'lost', 'ended'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];
