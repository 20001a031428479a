/** What may be stored as an input, a result or an event's data. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
