import { userInfo } from 'node:os';

/** The name of this process's user. `uid-1234` if it has none, as for the random ids that some platforms give to containers. */
export function userName(read: () => { username: string } = userInfo): string {
  try {
    return read().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
