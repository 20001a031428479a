import { z } from 'zod';
import { API } from './api-path.ts';
import type { Endpoint } from './contract/endpoint.ts';
import { endpoints } from './contract/index.ts';
import { scopeOf } from './contract/scope.ts';
import { STATUS_OF } from './status-of.ts';
import { version } from './version.ts';

type Json = Record<string, unknown>;

/** What any endpoint may refuse. */
const ALWAYS = ['request-invalid', 'content-type-unsupported', 'body-too-large'] as const;
const WITH_ROLE = [
  'unauthenticated',
  'request-refused',
  'role-insufficient',
  'scope-insufficient',
] as const;

const ABOUT = `Background jobs: what is there, what happened, and what may be done.

An answer is \`{ "success": true, "data": … }\`, or \`{ "success": false, "error": { "code", "message" } }\`: the code is for programs and does not change, the message is for people. Instants are in UTC. Payloads and errors of jobs are text, whatever is in them.`;

const fault = z
  .object({
    success: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }),
  })
  .meta({ id: 'Refusal' });

/** The API in the words of OpenAPI 3.1, made from the contract. `basePath`: where the app is mounted. */
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
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key' } },
    },
  };
}

function operation(endpoint: Endpoint, schemas: Json): Json {
  const { name, tag, summary, description, role, params, query } = endpoint;
  const needs =
    role === 'anyone'
      ? 'For anyone.'
      : `Needs the role \`${role}\`; a key that is limited needs the scope \`${scopeOf(endpoint)}\` too.`;
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

/** As programs have them: the text of a path or a query is the same for a number. */
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
  // On the wire an answer is what its schema takes in: a program gets what that puts out.
  const said = schemaOf(answer, 'input', schemas);
  const whole = typeof envelope === 'object' ? envelope.type : 'application/json';
  const schema =
    envelope === 'data'
      ? {
          type: 'object',
          required: ['success', 'data'],
          properties: { success: { const: true }, data: said },
        }
      : said;
  return { [status]: { description: 'Done', content: { [whole]: { schema } } } };
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
    [...byStatus].map(([status, said]) => [
      status,
      { description: said.join(', '), content: { 'application/json': { schema } } },
    ]),
  );
}

/** What is named stands among the schemas of all. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const {
    $schema: _draft,
    $defs = {},
    ...own
  } = referring(z.toJSONSchema(schema, { io, unrepresentable: 'any', override: sayDates }));
  Object.assign(schemas, $defs);
  return own;
}

const referring = (schema: object): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;

const sayDates: NonNullable<z.core.JSONSchemaGeneratorParams['override']> = ({
  zodSchema,
  jsonSchema,
}) => {
  if (zodSchema._zod.def.type === 'date')
    Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
};
