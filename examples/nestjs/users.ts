import { Injectable } from '@nestjs/common';
import { Humdrum, jobTypeOf } from 'humdrum/nestjs';
import { SendWelcome } from './send-welcome.ts';

@Injectable()
export class Users {
  constructor(private readonly humdrum: Humdrum) {}

  async signUp(email: string): Promise<number> {
    const { id } = await this.humdrum.enqueue(jobTypeOf(SendWelcome), { to: email });
    return id;
  }
}
