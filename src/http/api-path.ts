/** Below where the app is mounted. */
export const API = '/api/v1';
