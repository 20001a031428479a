/** The parameters of scrypt. `N` is 2 to the power of `ln`. */
export interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** The first choice of OWASP's Password Storage Cheat Sheet for scrypt: 128 MiB and about 0.4 s per password. */
export const PASSWORD_COST: Cost = { ln: 17, r: 8, p: 1 };
