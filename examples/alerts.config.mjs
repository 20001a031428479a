import { defineAlerts, logSink, mailSink, pagerSink, sentrySink, slackSink } from 'humdrum/alerts';
import { datadogSink, webhookSink } from 'humdrum/alerts';
import { picks } from 'humdrum/packs/picks';

const { SLACK_URL = '', HOOK_SECRET = '', SMTP_URL = '', SENTRY_DSN = '' } = process.env;
const { DATADOG_API_KEY = '' } = process.env;

export default {
  packs: [picks],
  alerts: defineAlerts({
    sinks: [
      logSink(),
      slackSink({ url: SLACK_URL }),
      webhookSink({ url: 'https://ops.example.org/humdrum', secret: HOOK_SECRET }),
      mailSink({ url: SMTP_URL, from: 'humdrum@example.org', to: ['ops@example.org'] }),
      sentrySink({ dsn: SENTRY_DSN }),
      datadogSink({ apiKey: DATADOG_API_KEY, site: 'datadoghq.eu' }),
      pagerSink({ url: 'https://pager.example.org/call', secret: HOOK_SECRET }),
    ],
    // notice, warning, error, critical
    escalation: [['log', 'webhook'], ['slack', 'sentry', 'datadog'], ['mail'], ['pager']],
    escalateMs: 2 * 3_600_000,
    thresholds: { queueAgeMs: 5 * 60_000 },
  }),
};
