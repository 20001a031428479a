import { greet } from './jobs/greet.mjs';
import { sweep } from './jobs/sweep.mjs';

/** What `humdrum start` and all other commands know. Environment variables win over it: see .env.example. */
export default {
  jobs: [greet, sweep],
  worker: { concurrency: 10 },
};
