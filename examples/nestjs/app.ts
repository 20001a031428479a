import { EventEmitter, once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Humdrum, HumdrumModule } from 'humdrum/nestjs';
import { Mailer } from './mailer.ts';
import { SendWelcome } from './send-welcome.ts';
import { Users } from './users.ts';

@Module({ providers: [Mailer, SendWelcome, Users], exports: [Users] })
class UsersModule {}

const engine = new EventEmitter();

@Module({
  imports: [
    HumdrumModule.forRoot({
      mode: 'both', // or 'producer', or 'worker'
      onEvent: (event) => engine.emit(event.event, event), // Without it, Nest's logger is told.
    }),
    UsersModule,
  ],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
app.enableShutdownHooks(); // On SIGTERM: no new jobs, wait for those that run, then the rest of the application.

const settled = once(engine, 'job-settled');
const id = await app.get(Users).signUp('ada@example.org');
await settled;
const { type, status } = await app.get(Humdrum).showJob(id);
console.log(type, 'is', status);
await app.close();
