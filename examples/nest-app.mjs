import { EventEmitter, on } from 'node:events';
import { Body, Controller, HttpCode, Inject, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createApp, nodeListener } from 'humdrum/http';
import { Humdrum, HumdrumModule, JobHandler, jobTypeOf } from 'humdrum/nestjs';
import { quiz } from 'humdrum/packs/quiz';
import { z } from 'zod';

/** An application as it was: a service and a controller. Plain JavaScript, so the decorators are called below the classes. */
class Mailer {
  /** @param {string} text */
  send(text) {
    return `${text} sent.`;
  }
}
Injectable()(Mailer);

/** What the controller used to do within the request is a job now: a provider like any other. */
class SendReceipt {
  /** @param {Mailer} mailer */
  constructor(mailer) {
    this.mailer = mailer;
  }

  /** @param {import('humdrum').Context} _ctx @param {{ order: number }} input */
  run(_ctx, { order }) {
    return { message: this.mailer.send(`Receipt for order ${order}`) };
  }
}
JobHandler({ type: 'shop.send-receipt', input: z.object({ order: z.int() }) })(SendReceipt);
Inject(Mailer)(SendReceipt, undefined, 0);

class OrdersController {
  /** @param {Humdrum} humdrum */
  constructor(humdrum) {
    this.humdrum = humdrum;
  }

  /** @param {{ order: number }} body */
  async create({ order }) {
    const { id } = await this.humdrum.enqueue(jobTypeOf(SendReceipt), { order });
    return { job: id };
  }
}
Controller('orders')(OrdersController);
Inject(Humdrum)(OrdersController, undefined, 0);
const create = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'create') ?? {};
Post()(OrdersController.prototype, 'create', create);
HttpCode(202)(OrdersController.prototype, 'create', create);
Body()(OrdersController.prototype, 'create', 0);

class OrdersModule {
  /** Nest calls this when no handler runs any more. */
  onModuleDestroy() {
    console.log('stopped');
  }
}
Module({ controllers: [OrdersController], providers: [Mailer, SendReceipt] })(OrdersModule);

const engine = new EventEmitter();
class AppModule {}
Module({
  imports: [
    HumdrumModule.forRoot({
      packs: [quiz],
      onEvent: (event) => engine.emit(event.event, event),
    }),
    OrdersModule,
  ],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
const humdrum = app.get(Humdrum);
await quiz.loadSample(humdrum.database);

// The API of the jobs under a path of the application. Before listen(): it reads the body itself.
const api = createApp(humdrum, {
  basePath: '/admin/jobs',
  identify: async ({ headers }) =>
    headers.get('authorization') === 'Bearer secret'
      ? { actor: 'key:example', role: 'operator', ambient: false }
      : null,
});
const express = /** @type {import('express').Express} */ (app.getHttpAdapter().getInstance());
express.all('/admin/jobs/{*rest}', nodeListener(api));
await app.listen(0, '127.0.0.1');

// From here on a client of it.
const settled = on(engine, 'job-settled');
/** @param {string} path @param {object} body */
const post = async (path, body) => {
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${await app.getUrl()}${path}`, request);
  return [response.status, await response.json()];
};
console.log(...(await post('/orders', { order: 17 })));
console.log(...(await post('/admin/jobs/api/v1/jobs/trigger/quiz.regenerate-lives', {})));
await settled.next();
await settled.next();
for (const { id, type, status } of (await humdrum.listJobs()).toReversed()) {
  const { attemptRecords } = await humdrum.showJob(id);
  const result = /** @type {{ message: string } | undefined} */ (attemptRecords[0]?.result);
  console.log(type, status, result?.message);
}
process.kill(process.pid, 'SIGTERM');
