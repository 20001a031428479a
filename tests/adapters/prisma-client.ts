import { PrismaPg } from '@prisma/adapter-pg';
import { getPrismaClient, type GetPrismaClientConfig } from '@prisma/client/runtime/client';

/** As much as Node has of it, without the types of a browser. */
const { WebAssembly: Wasm } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => unknown };
};

const COMPILER = '@prisma/client/runtime/query_compiler_fast_bg.postgresql';

/**
 * What `prisma generate` writes for a schema without models: the command line itself is not among the development
 * dependencies, since it fetches its engines from the network.
 */
export function openPrisma(connectionString: string) {
  type Compiler = NonNullable<GetPrismaClientConfig['compilerWasm']>;
  type Runtime = Awaited<ReturnType<Compiler['getRuntime']>>;
  const PrismaClient = getPrismaClient({
    previewFeatures: [],
    clientVersion: '7.10.0',
    engineVersion: 'none',
    activeProvider: 'postgresql',
    inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: 'AAAA' }, // no inputs, no outputs, no roots
    compilerWasm: {
      importName: './query_compiler_fast_bg.js',
      getRuntime: async () => (await import(`${COMPILER}.mjs`)) as Runtime,
      getQueryCompilerWasmModule: async () => {
        const { wasm } = (await import(`${COMPILER}.wasm-base64.mjs`)) as { wasm: string };
        return new Wasm.Module(Buffer.from(wasm, 'base64'));
      },
    },
  });
  return new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
}

/** As the client that is generated names it: `Prisma.TransactionClient`. */
export type PrismaTransactionClient = Omit<
  ReturnType<typeof openPrisma>,
  '$connect' | '$disconnect' | '$on' | '$extends'
>;
