/** The line, in `parked`, of jobs that wait to run alone in a worker. See `rescue.ts`. */
export const ALONE = 'humdrum.alone';
