import { Injectable } from '@nestjs/common';

@Injectable()
export class Mailer {
  async send(to: string, text: string): Promise<void> {
    console.log(`to ${to}: ${text}`);
  }
}
