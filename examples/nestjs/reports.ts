import { Injectable } from '@nestjs/common';

/** A service of the application, which knows nothing of who calls it. */
@Injectable()
export class Reports {
  async send(day: Date): Promise<number> {
    return day.getUTCDate();
  }

  async refresh(): Promise<void> {}
}
