/** Relative to the path that the app is mounted at. */
export const API = '/api/v1';
