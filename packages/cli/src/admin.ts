import { type AdminClient, type Console, connectAdmin, openConsole, readFabric } from '@causeway/fabric';
import type { Context, GlobalOptions } from './context.ts';
import { whileWaiting } from './output/waiting.ts';

/** Runs something with the fabric's administrator connected, and closes the connection whatever happens. */
export async function withAdmin<T>(
  context: Context,
  { dir }: GlobalOptions,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  // A folder without a fabric is the likelier mistake than credentials that are missing.
  await readFabric(dir);
  const admin = await connectAdmin(dir, portsOf(context, 'silent'));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** As `withAdmin`, for what is one question: says that the registry is waited for where that takes a while. */
export function askAdmin<T>(
  context: Context,
  options: GlobalOptions,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  return whileWaiting(context, 'waiting for the registry', () => withAdmin(context, options, work));
}

/** Runs something with a console open: what reads records and counters. */
export async function withConsole<T>(
  context: Context,
  options: GlobalOptions & { readonly tenant: string; readonly from: 'beginning' | 'now' },
  work: (console: Console, admin: AdminClient) => Promise<T>,
): Promise<T> {
  const { dir, tenant, from } = options;
  return withAdmin(context, options, async (admin) => {
    const console = await whileWaiting(context, 'waiting for the registry to open a console', () =>
      openConsole(dir, admin, { tenant, from }, portsOf(context, 'warn')),
    );
    try {
      return await work(console, admin);
    } finally {
      await console.close();
    }
  });
}

/** The ports that the other packages want. */
export function portsOf(context: Context, level: 'info' | 'warn' | 'silent') {
  return { clock: context.clock, random: context.random, logger: context.logger(level) };
}
