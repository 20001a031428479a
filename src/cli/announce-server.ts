import { noteServer } from '../database/folder-lock.ts';
import { isFolder } from '../database/open.ts';

/** Tells whoever finds the embedded database taken where to ask. */
export async function announceServer(database: string, url: string): Promise<void> {
  if (isFolder(database)) await noteServer(database, url);
}
