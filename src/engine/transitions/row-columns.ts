/** One column of the rows that a statement is given. */
export interface Column {
  name: string;
  type: string;
  /** An array with a value for each row. Otherwise the value of all. */
  many: boolean;
  /** Not null in every row. */
  given: boolean;
  sent: unknown;
}

/** What is the same for all rows is sent once. `always`: not this one, since some column must say how many rows there are. */
export function columnOf(name: string, type: string, values: unknown[], always = false): Column {
  const [first] = values;
  const many = always || values.some((value) => value !== first);
  return { name, type, many, given: many || first !== null, sent: many ? values : first };
}

/** A query for the rows. Their values are added to `params`. */
export function rowsOf(columns: readonly Column[], params: unknown[]): string {
  const placed = columns.map((column) => ({ ...column, at: `$${params.push(column.sent)}` }));
  const same = placed
    .filter(({ many }) => !many)
    .map((one) => `${one.at}::${one.type} as ${one.name}`);
  const many = placed.filter((column) => column.many);
  const arrays = many.map(({ at, type }) => `${at}::${type}[]`).join(', ');
  const names = many.map(({ name }) => name).join(', ');
  return `select * from (select ${same.join(', ')}) as same, unnest(${arrays}) as each (${names})`;
}
