/** One column of the rows that are sent to a statement. */
export interface Column {
  name: string;
  type: string;
  /** `sent` is an array with a value for each row. Otherwise it is the value of all rows. */
  many: boolean;
  /** False if the value is null in every row. */
  isSet: boolean;
  sent: unknown;
}

/** A value that all rows share is sent once. `always`: send an array anyway, since one column must give the number of rows. */
export function columnOf(name: string, type: string, values: unknown[], always = false): Column {
  const [first] = values;
  const many = always || values.some((value) => value !== first);
  return { name, type, many, isSet: many || first !== null, sent: many ? values : first };
}

/** A subquery that returns the rows. Appends their values to `params`. */
export function rowsOf(columns: readonly Column[], params: unknown[]): string {
  const numbered = columns.map((column) => ({ ...column, param: `$${params.push(column.sent)}` }));
  const same = numbered
    .filter(({ many }) => !many)
    .map(({ param, type, name }) => `${param}::${type} as ${name}`);
  const many = numbered.filter((column) => column.many);
  const arrays = many.map(({ param, type }) => `${param}::${type}[]`).join(', ');
  const names = many.map(({ name }) => name).join(', ');
  return `select * from (select ${same.join(', ')}) as same, unnest(${arrays}) as each (${names})`;
}
