import { z } from 'zod';
import { API } from './api-path.ts';
import type { Endpoint } from './contract/endpoint.ts';
import { endpoints } from './contract/index.ts';
import { scopeOf } from './contract/scope.ts';
import { STATUS_OF } from './status-of.ts';
import { version } from './version.ts';

type Json = Record<string, unknown>;

/** Error codes of every endpoint. */
const ALWAYS = ['request-invalid', 'content-type-unsupported', 'body-too-large'] as const;
const WITH_ROLE = [
  'unauthenticated',
  'request-refused',
  'role-insufficient',
  'scope-insufficient',
] as const;

const ABOUT = `Inspect and operate background jobs.

An answer is \`{ "success": true, "data": … }\` or \`{ "success": false, "error": { "code", "message" } }\`. Codes are stable and meant for programs; messages are meant for people. Instants are in UTC. Treat payloads and errors of jobs as untrusted text.`;

const fault = z
  .object({
    success: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }),
  })
  .meta({ id: 'Refusal' });

/** The OpenAPI 3.1 description, generated from the contract. `basePath`: the path that the app is mounted at. */
export function openApi(basePath = ''): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = (paths[endpoint.path] ??= {});
    path[endpoint.method.toLowerCase()] = operation(endpoint, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Humdrum',
      version,
      description: ABOUT,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: `${basePath}${API}` }],
    security: [{ key: [] }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key' } },
    },
  };
}

function operation(endpoint: Endpoint, schemas: Json): Json {
  const { name, tag, summary, description, role, params, query } = endpoint;
  const needs =
    role === 'anyone'
      ? 'Needs no credentials.'
      : `Needs the role \`${role}\`. A key with scopes also needs \`${scopeOf(endpoint)}\`.`;
  const parameters = [
    ...parametersOf(params, 'path', schemas),
    ...parametersOf(query, 'query', schemas),
  ];
  return {
    operationId: name,
    tags: [tag],
    summary,
    description: description ? `${description}\n\n${needs}` : needs,
    ...(role === 'anyone' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(endpoint, schemas),
    responses: { ...answerOf(endpoint, schemas), ...refusalsOf(endpoint, schemas) },
  };
}

/** Uses the decoded types, such as numbers, because a number looks the same as text in a path or query. */
function parametersOf(fields: z.ZodObject, place: 'path' | 'query', schemas: Json): Json[] {
  const { properties = {}, required = [] } = schemaOf(fields, 'output', schemas);
  return Object.entries(properties as Record<string, Json>).map(
    ([name, { description, ...schema }]) => ({
      name,
      in: place,
      ...((required as string[]).includes(name) && { required: true }),
      ...(description !== undefined && { description }),
      schema,
    }),
  );
}

function bodyOf({ body }: Endpoint, schemas: Json): Json {
  if (body === null) return {};
  const required = !z.safeDecode(body, undefined).success;
  const schema = schemaOf(body, 'input', schemas);
  return { requestBody: { required, content: { 'application/json': { schema } } } };
}

function answerOf({ answer, status, envelope }: Endpoint, schemas: Json): Json {
  // The input side of the answer's schema is its wire format. The output side is what programs get.
  const wire = schemaOf(answer, 'input', schemas);
  const mediaType = typeof envelope === 'object' ? envelope.type : 'application/json';
  const schema =
    envelope === 'data'
      ? {
          type: 'object',
          required: ['success', 'data'],
          properties: { success: { const: true }, data: wire },
        }
      : wire;
  return { [status]: { description: 'Done', content: { [mediaType]: { schema } } } };
}

function refusalsOf({ role, refuses }: Endpoint, schemas: Json): Json {
  const codes = [...ALWAYS, ...(role === 'anyone' ? [] : WITH_ROLE), ...refuses];
  const byStatus = new Map<number, string[]>();
  for (const code of new Set<keyof typeof STATUS_OF>(codes)) {
    const status = STATUS_OF[code] ?? 500;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  byStatus.set(500, ['internal']);
  const schema = schemaOf(fault, 'input', schemas);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { description: names.join(', '), content: { 'application/json': { schema } } },
    ]),
  );
}

/** Moves named schemas to the shared components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const {
    $schema: _draft,
    $defs = {},
    ...own
  } = referring(z.toJSONSchema(schema, { io, unrepresentable: 'any', override: describeDates }));
  Object.assign(schemas, $defs);
  return own;
}

const referring = (schema: object): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;

const describeDates: NonNullable<z.core.JSONSchemaGeneratorParams['override']> = ({
  zodSchema,
  jsonSchema,
}) => {
  if (zodSchema._zod.def.type === 'date')
    Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
};
