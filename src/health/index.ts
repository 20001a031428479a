export { defineAlerts } from './alerts.ts';
export type { AlertOptions } from './alerts.ts';
export type { Thresholds } from './rules.ts';
export { datadogChannel as datadogSink } from '../effects/datadog-channel.ts';
export type { DatadogOptions } from '../effects/datadog-channel.ts';
export { logChannel as logSink } from '../effects/log-channel.ts';
export { mailChannel as mailSink } from '../effects/mail-channel.ts';
export type { MailOptions } from '../effects/mail-channel.ts';
export { sentryChannel as sentrySink } from '../effects/sentry-channel.ts';
export type { SentryOptions } from '../effects/sentry-channel.ts';
export { slackChannel as slackSink } from '../effects/slack-channel.ts';
export type { SlackOptions } from '../effects/slack-channel.ts';
export {
  pagerChannel as pagerSink,
  webhookChannel as webhookSink,
} from '../effects/webhook-channel.ts';
export type { WebhookOptions } from '../effects/webhook-channel.ts';
export type { ChannelSettings as SinkOptions } from '../effects/channel.ts';
export type { SendBy, Sink } from './sink.ts';
export type { Notice } from '../engine/ports/alerts.ts';
