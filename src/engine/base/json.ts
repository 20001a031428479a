/** A value that can be stored as an input, a result or the data of an event. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
