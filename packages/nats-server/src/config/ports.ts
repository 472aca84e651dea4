import { createServer, type Server } from 'node:net';

function listen(host: string): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port: 0, exclusive: true }, () => {
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
