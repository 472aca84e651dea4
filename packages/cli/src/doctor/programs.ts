import { execFile } from 'node:child_process';
import { findNatsServer } from '@causeway/nats-server';
import { type Check, type Finding, fail, ok, warn } from './check.ts';

/** The first release line that runs TypeScript without a flag, and the oldest that runs what is built of it. */
const needed = { source: 24, built: 20 } as const;

/** Node.js itself. */
export const checkNode: Check = async () => {
  const { node: version } = process.versions;
  const built = import.meta.filename.endsWith('.js');
  const oldest = built ? needed.built : needed.source;
  const major = Number(version.split('.')[0]);
  const found = `version ${version}`;
  return [
    major >= oldest
      ? ok('node', found)
      : fail('node', found, `install Node.js ${oldest} or newer, or run npm install, which brings one`),
  ];
};

/** The program of the servers. */
export const checkNatsServer: Check = async (context) => {
  const passedOver: string[] = [];
  try {
    const { path, version, source } = await findNatsServer({
      env: context.env,
      install: false,
      onProgress: (line) => void passedOver.push(line),
    });
    return [ok('nats-server', `version ${version}, ${path} (${source})`)];
  } catch (error) {
    if (context.env.CAUSEWAY_NATS_SERVER) {
      return [fail('nats-server', (error as Error).message, 'correct or unset CAUSEWAY_NATS_SERVER')];
    }
    const found = ['none is installed', ...passedOver].join('; ');
    return [
      warn('nats-server', found, 'nothing: causeway up gets one at its first start, which takes a while'),
    ];
  }
};

const dockerTimeoutMs = 5_000;

/** Docker, which only the fabric of containers needs. */
export const checkDocker: Check = async (context) => {
  const version = await new Promise<string | undefined>((resolve) => {
    const args = ['version', '--format', '{{.Server.Version}}'];
    const options = { timeout: dockerTimeoutMs, env: context.env, windowsHide: true };
    execFile('docker', args, options, (error, stdout) => resolve(error ? undefined : stdout.trim()));
  });
  const found: Finding = version
    ? ok('docker', `version ${version}`)
    : ok('docker', 'not there; only a fabric of containers (docker compose) needs it');
  return [found];
};
