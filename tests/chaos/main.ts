import { parseArgs } from 'node:util';
import { describeFault, KINDS, planFaults, type FaultKind } from './plan.ts';
import { missesIn, printReport } from './report.ts';
import { runChaos } from './run.ts';

const HELP = `npm run chaos -- [--seed N] [--minutes M] [--jobs N] [--workers N] [--lease-ms MS]
                 [--faults KINDS] [--fsync] [--without-fence] [--plan]

Runs jobs while workers, connections and the server fail, and checks what is left.
  --seed N          the plan of the faults and the mix of the jobs. Default 1
  --minutes M       how long faults strike. Default 3
  --jobs N          how many jobs are enqueued in that time. Default 20000
  --workers N       worker processes. Default 8
  --lease-ms MS     of each worker. Default 2000
  --faults KINDS    only these, with commas between them: ${KINDS.join(', ')}
  --fsync           a server that syncs; half of its stops are then immediate ones
  --without-fence   takes the fence out of the database and of the workers: the run must then miss something
  --plan            prints the faults, and runs nothing
Exit code: 0 nothing missed, 1 something missed, 2 not run.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '20000' },
    workers: { type: 'string', default: '8' },
    'lease-ms': { type: 'string', default: '2000' },
    faults: { type: 'string', default: KINDS.join() },
    fsync: { type: 'boolean', default: false },
    'without-fence': { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const options = {
  seed: numberFrom('seed'),
  durationMs: numberFrom('minutes') * 60_000,
  jobs: numberFrom('jobs'),
  workers: numberFrom('workers'),
  leaseMs: numberFrom('lease-ms'),
  kinds: kindsFrom(values.faults),
  fsync: values.fsync,
  fence: !values['without-fence'],
};

function numberFrom(name: 'seed' | 'minutes' | 'jobs' | 'workers' | 'lease-ms'): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value < 0) {
    console.error(`--${name} is a number, not "${values[name]}".`);
    process.exit(2);
  }
  return value;
}

function kindsFrom(names: string): FaultKind[] {
  const asked = names.split(',');
  const unknown = asked.find((name) => !KINDS.some((kind) => kind === name));
  if (unknown !== undefined) {
    console.error(`--faults knows ${KINDS.join(', ')}, not "${unknown}".`);
    process.exit(2);
  }
  return KINDS.filter((kind) => asked.includes(kind));
}

if (values.help) console.log(HELP);
else if (values.plan) for (const fault of planFaults(options)) console.log(describeFault(fault));
else {
  const report = await runChaos({ ...options, say: (line) => console.error(line) });
  console.log(printReport(report));
  process.exitCode = missesIn(report) === 0 ? 0 : 1;
}
