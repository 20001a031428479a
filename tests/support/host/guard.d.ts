/** Once in a process, before it starts others. */
export function guardChildren(): void;
