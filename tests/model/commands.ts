import fc from 'fast-check';

/** A job to enqueue. Times in seconds. */
export interface Spec {
  type: 'test.model' | 'test.mail';
  priority: number;
  limits: { name: string; key?: string; weight?: number }[];
  delayS: number;
  startByS: number | null;
  key: { kind: 'unique' | 'held' | 'debounce'; name: string } | null;
  children: Omit<Spec, 'key' | 'children' | 'onFailure'>[];
  onFailure: 'fail' | 'continue';
}

export type End = 'completed' | 'failed' | 'failed for good';

/** Numbers that pick one of many are taken modulo how many there are. */
export type Command =
  | { do: 'enqueue'; jobs: Spec[] }
  | { do: 'claim'; worker: number; limit: number; queue: 'default' | 'mail' }
  | { do: 'claim-one'; worker: number; pick: number }
  | { do: 'settle'; worker: number; ends: End[]; twice: boolean }
  | { do: 'expire'; worker: number }
  | { do: 'settle-late'; pick: number; end: End }
  | { do: 'release'; worker: number; keep: number }
  | { do: 'retry' | 'cancel'; pick: number }
  | { do: 'retry-all' | 'cancel-all'; type: Spec['type'] | null; overS: number }
  | { do: 'advance'; seconds: number }
  | { do: 'limit'; name: 'pair' | 'per' | 'big' | 'queue:mail'; concurrency: number }
  | { do: 'rescue' | 'promote' | 'answer' | 'overdue' | 'tick' | 'rest' };

export const WORKERS = 3;
const worker = fc.constantFrom(0, 0, 0, 1, WORKERS - 1);
const pick = fc.nat({ max: 40 });
const end = fc.constantFrom<End>('completed', 'failed', 'failed for good');

const use: fc.Arbitrary<Spec['limits'][number]> = fc.oneof(
  fc.constant({ name: 'pair' }),
  fc.record({ name: fc.constant('per'), key: fc.constantFrom('a', 'b') }),
  fc.record({ name: fc.constant('big'), weight: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ name: fc.constantFrom('order', 'turns'), key: fc.constantFrom('x', 'y') }),
  fc.constant({ name: 'order', key: 'x' }),
  fc.record({ name: fc.constant('rate'), weight: fc.integer({ min: 1, max: 2 }) }),
);
const limits: fc.Arbitrary<Spec['limits']> = fc.uniqueArray(use, {
  maxLength: 3,
  selector: ({ name, key }) => `${name}/${key}`,
});
const often = <T>(usual: T, other: fc.Arbitrary<T>, weight = 4): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight }, { arbitrary: other, weight: 1 });

const child = {
  type: fc.constantFrom<Spec['type']>('test.model', 'test.model', 'test.mail'),
  priority: often(0, fc.constantFrom(-2, -1, 1)),
  limits: often<Spec['limits']>([], limits, 1),
  delayS: often(0, fc.constantFrom(1, 60)),
  startByS: often<number | null>(null, fc.constantFrom(30, 90), 6),
};
const spec: fc.Arbitrary<Spec> = fc.record({
  ...child,
  key: often<Spec['key']>(
    null,
    fc.record({
      kind: fc.constantFrom('unique', 'unique', 'held', 'debounce'),
      name: fc.constantFrom('a', 'b'),
    }),
    2,
  ),
  children: often<Spec['children']>(
    [],
    fc.array(fc.record(child), { minLength: 1, maxLength: 2 }),
    3,
  ),
  onFailure: fc.constantFrom('fail', 'continue'),
});

const commands: [number, fc.Arbitrary<Command>][] = [
  [
    8,
    fc.record({ do: fc.constant('enqueue'), jobs: fc.array(spec, { minLength: 1, maxLength: 3 }) }),
  ],
  [
    6,
    fc.record({
      do: fc.constant('claim'),
      worker,
      limit: fc.integer({ min: 1, max: 5 }),
      queue: fc.constantFrom('default', 'default', 'mail'),
    }),
  ],
  [1, fc.record({ do: fc.constant('claim-one'), worker, pick })],
  [
    6,
    fc.record({
      do: fc.constant('settle'),
      worker,
      ends: fc.array(end, { minLength: 1, maxLength: 4 }),
      twice: often(false, fc.constant(true)),
    }),
  ],
  [2, fc.record({ do: fc.constant('expire'), worker })],
  [1, fc.record({ do: fc.constant('settle-late'), pick, end })],
  [1, fc.record({ do: fc.constant('release'), worker, keep: fc.nat({ max: 2 }) })],
  [4, fc.record({ do: fc.constantFrom('retry', 'cancel'), pick })],
  [
    2,
    fc.record({
      do: fc.constantFrom('retry-all', 'cancel-all'),
      type: fc.constantFrom('test.model', 'test.mail', null),
      overS: fc.constantFrom(0, 10),
    }),
  ],
  [2, fc.record({ do: fc.constant('advance'), seconds: fc.constantFrom(1, 10, 30, 60, 3_600) })],
  [
    1,
    fc.record({
      do: fc.constant('limit'),
      name: fc.constantFrom('pair', 'per', 'big', 'queue:mail'),
      concurrency: fc.nat({ max: 3 }),
    }),
  ],
  [
    8,
    fc.record({
      do: fc.constantFrom(
        'rescue',
        'promote',
        'promote',
        'answer',
        'answer',
        'overdue',
        'tick',
        'rest',
        'rest',
      ),
    }),
  ],
];

const anything = fc.oneof(...commands.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Mostly about one matter: what takes many steps of one kind is seldom met by chance. */
function about(jobs: fc.Arbitrary<Spec>, other: fc.Arbitrary<Command>): fc.Arbitrary<Command> {
  const enqueue = fc.record({
    do: fc.constant('enqueue' as const),
    jobs: fc.array(jobs, { minLength: 1, maxLength: 2 }),
  });
  const settle = fc.record({
    do: fc.constant('settle' as const),
    worker: fc.constant(0),
    ends: fc.array(end, { minLength: 1, maxLength: 4 }),
    twice: fc.constant(false),
  });
  const rest = fc.constant<Command>({ do: 'rest' });
  return fc.oneof(enqueue, settle, { arbitrary: rest, weight: 2 }, other, anything);
}

const plainJob = { ...child, limits: fc.constant<Spec['limits']>([]), delayS: fc.constant(0) };
const families = about(
  fc.record({
    ...plainJob,
    key: fc.constant(null),
    children: fc.array(fc.record(plainJob), { minLength: 1, maxLength: 2 }),
    onFailure: fc.constantFrom('fail', 'continue'),
  }),
  fc.constant<Command>({ do: 'retry-all', type: null, overS: 0 }),
);
const orders = about(
  fc.record({
    ...plainJob,
    limits: fc.uniqueArray(
      fc.constantFrom({ name: 'order', key: 'x' }, { name: 'turns', key: 'x' }, { name: 'pair' }),
      { minLength: 1, maxLength: 2, selector: ({ name }) => name },
    ),
    key: fc.constant(null),
    children: fc.constant([]),
    onFailure: fc.constant('fail'),
  }),
  fc.record({ do: fc.constant('cancel'), pick }),
);

export const sequence = fc.oneof(
  ...[
    { arbitrary: anything, weight: 2 },
    { arbitrary: families, weight: 1 },
    { arbitrary: orders, weight: 1 },
  ].map(({ arbitrary, weight }) => ({
    arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 40, size: 'max' }),
    weight,
  })),
);
