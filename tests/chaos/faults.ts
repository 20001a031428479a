import type { PostgresServer } from '../support/postgres-server.ts';
import { sleep, withClient } from './connection.ts';
import { placeName, type Fleet } from './fleet.ts';
import type { Fault } from './plan.ts';
import type { Proxy } from './proxy.ts';

export interface Targets {
  server: PostgresServer;
  /** Of the database that the run is about. */
  url: string;
  fleet: Fleet;
  /** Between the driver and the server. */
  driverProxy: Proxy;
}

/** Carries out a plan, one fault after the other, and counts what struck. */
export class Striker {
  readonly #targets: Targets;
  readonly struck = new Map<string, number>();

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  async carryOut(plan: readonly Fault[]): Promise<void> {
    const startMs = performance.now();
    for (const fault of plan) {
      await sleep(Math.max(0, startMs + fault.atMs - performance.now()));
      await this.#strike(fault);
    }
  }

  #count(kind: string): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
  }

  async #strike(fault: Fault): Promise<void> {
    const { fleet, driverProxy } = this.#targets;
    switch (fault.kind) {
      case 'kill':
        return fleet.kill(fault.worker) ? this.#count('kill -9') : undefined;
      case 'replace':
        return fleet.replace(fault.worker) ? this.#count('worker replaced') : undefined;
      case 'freeze':
        return fleet.freeze(fault.worker, fault.forMs) ? this.#count('worker frozen') : undefined;
      case 'drop-answer': {
        const proxy = fault.of === 'enqueue' ? driverProxy : fleet.proxy(fault.worker);
        return proxy.dropNext(fault.of, () => this.#count(`answer lost: ${fault.of}`));
      }
      case 'hold': {
        const proxy = fleet.proxy(fault.worker);
        return proxy.holdNext(fault.of, fault.forMs, () => this.#count(`held back: ${fault.of}`));
      }
      case 'terminate-backend':
        if (await this.#terminate(fault.worker, fault.pick)) this.#count('backend terminated');
        return;
      case 'stop-server':
        await this.#targets.server.halt?.(fault.mode);
        this.#count(`server stopped (${fault.mode})`);
        await sleep(fault.forMs);
        await this.#targets.server.start();
    }
  }

  async #terminate(worker: number, pick: number): Promise<boolean> {
    return withClient(this.#targets.url, async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        'select pid from pg_stat_activity where application_name = $1 order by pid',
        [placeName(worker)],
      );
      const row = rows[Math.floor(pick * rows.length)];
      if (row) await client.query('select pg_terminate_backend($1)', [row.pid]);
      return row !== undefined;
    });
  }
}
