import { createServer, type Server } from 'node:net';

function listen(host: string, port = 0): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the socket has no port'));
      else resolve({ server, port: address.port });
    });
  });
}

/**
 * `count` different TCP ports that the system says are free on `host`, all held together before any is let
 * go. Another process may take one before it is used: who starts a server tells that fault from others.
 */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => listen(host)));
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return held.map(({ port }) => port);
}

/**
 * Whether a server could listen on a port now; false where another process has it. Rejects with the system's error
 * for an address that is not this machine's, or a port that takes rights which are missing.
 */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  try {
    const { server } = await listen(host, port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
