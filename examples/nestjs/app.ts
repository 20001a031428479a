import { EventEmitter, once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Humdrum, HumdrumModule, jobTypeOf } from 'humdrum/nestjs';
import { Mailer } from './mailer.ts';
import { RefreshReports, SendReports } from './reports-after.ts';
import { Reports } from './reports.ts';
import { SendWelcome } from './send-welcome.ts';
import { Users } from './users.ts';

@Module({ providers: [Mailer, SendWelcome, Users], exports: [Users] })
class UsersModule {}

@Module({ providers: [Reports, SendReports, RefreshReports] })
class ReportsModule {}

const engine = new EventEmitter();

@Module({
  imports: [
    HumdrumModule.forRoot({
      mode: 'both', // or 'producer', or 'worker'
      onEvent: (event) => engine.emit(event.event, event), // Without it, events go to Nest's logger.
    }),
    UsersModule,
    ReportsModule,
  ],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
app.enableShutdownHooks(); // On SIGTERM: no new jobs, wait for those that run, then the rest of the application.

const settled = once(engine, 'job-settled');
const id = await app.get(Users).signUp('ada@example.org');
await settled;
const humdrum = app.get(Humdrum);
const { type, status } = await humdrum.showJob(id);
console.log(type, 'is', status);
const plan = await humdrum.rehearse(jobTypeOf(SendReports), {}, new Date('2026-03-02T05:00:00Z'));
console.log('on the 2nd of March it would return', plan.result);
await app.close();
