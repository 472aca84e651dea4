import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { root } from '../support/source-files.ts';
import { type ComposeService, mountOf, readCompose } from './compose.ts';

/** The services of docker-compose.yml as containers, with folders of this machine in place of its volumes. */
export interface Parts {
  /** Starts a service: resolves when it has ended well (what runs once), is healthy, or has been started. */
  start(name: string): Promise<StartedTestContainer>;
  /** Runs a JavaScript program in the container of a service that was started, and gives what it printed. */
  evaluate(name: string, program: string): Promise<string>;
  /** The last lines of each part's log, for the message of a failure. */
  logs(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

const node = ['/opt/causeway/lib/ld.so', '--library-path', '/opt/causeway/lib', '/opt/causeway/bin/node'];
const keptLines = 8;

/** What the library has no method for. */
class PartContainer extends GenericContainer {
  private joiners: { networks: readonly StartedNetwork[]; alias: string } = { networks: [], alias: '' };

  hardened(service: ComposeService): this {
    this.hostConfig.ReadonlyRootfs = service.read_only ?? false;
    this.hostConfig.Init = service.init ?? false;
    return this;
  }

  /** Networks besides the first. They are joined before the start: Docker chooses published ports anew when one is. */
  alsoIn(networks: readonly StartedNetwork[], alias: string): this {
    this.joiners = { networks, alias };
    return this;
  }

  protected override async containerCreated(id: string): Promise<void> {
    const { container } = await getContainerRuntimeClient();
    for (const network of this.joiners.networks) {
      const endpoint = { Container: id, EndpointConfig: { Aliases: [this.joiners.alias] } };
      await container.dockerode.getNetwork(network.getId()).connect(endpoint);
    }
  }
}

/** Makes the services startable, on networks of their own. All are gone when it is disposed of. */
export async function createParts(options: { image: string; volumes: string }): Promise<Parts> {
  const { image, volumes } = options;
  const compose = readCompose();
  // Where published ports are: another address than localhost, where the tests run in a container themselves.
  const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const networks = new Map<string, StartedNetwork>();
  const started = new Map<string, StartedTestContainer>();
  const lines = new Map<string, string[]>();
  for (const volume of Object.keys(compose.volumes)) await mkdir(path.join(volumes, volume));
  for (const name of Object.keys(compose.networks)) networks.set(name, await new Network().start());

  function containerOf(name: string, service: ComposeService): PartContainer {
    const kept: string[] = [];
    lines.set(name, kept);
    const founding = service.user !== undefined;
    const container = new PartContainer(image)
      .hardened(service)
      // The folders stand for volumes and belong to who runs the tests, so the parts run as that user.
      .withUser(service.user ?? owner)
      .withCommand([...service.command, ...(founding ? ['--owner', owner, '--known-as', host] : [])])
      .withDroppedCapabilities(...(service.cap_drop ?? []))
      .withAddedCapabilities(...(service.cap_add ?? []))
      .withSecurityOpt(...(service.security_opt ?? []))
      .withTmpFs(Object.fromEntries((service.tmpfs ?? []).map((text) => splitOnce(text))))
      .withBindMounts(
        service.volumes.map(mountOf).map(({ source, target, readOnly, named }) => ({
          source: named ? path.join(volumes, source) : path.join(root, source),
          target,
          mode: readOnly ? ('ro' as const) : ('rw' as const),
        })),
      )
      .withLogConsumer((stream) =>
        stream.on('data', (line: Buffer | string) => {
          kept.push(`${name}: ${String(line).trim().slice(0, 400)}`);
          if (kept.length > keptLines) kept.shift();
        }),
      );
    if (service.entrypoint) container.withEntrypoint([...service.entrypoint]);
    if (service.network_mode) container.withNetworkMode(service.network_mode);
    const [first, ...further] = (service.networks ?? []).map((each) => networks.get(each) as StartedNetwork);
    if (first) container.withNetwork(first).withNetworkAliases(name).alsoIn(further, name);
    for (const port of service.ports ?? []) container.withExposedPorts(Number(port.split(':').at(-1)));
    if (service.healthcheck) {
      const test = service.healthcheck.test as ['CMD', string];
      container
        .withHealthCheck({ test, interval: 500, timeout: 5_000, retries: 60 })
        .withWaitStrategy(Wait.forHealthCheck());
    }
    if (service.restart === 'no') container.withWaitStrategy(Wait.forOneShotStartup());
    return container;
  }

  return {
    async start(name) {
      const service = compose.services[name];
      if (!service) throw new Error(`docker-compose.yml has no service ${name}`);
      const container = await containerOf(name, service).start();
      started.set(name, container);
      return container;
    },
    async evaluate(name, program) {
      const container = started.get(name);
      if (!container) throw new Error(`${name} was not started`);
      const { output, exitCode, stderr } = await container.exec([...node, '--eval', program]);
      if (exitCode !== 0) throw new Error(`the program failed in ${name}: ${stderr}`);
      return output.trim();
    },
    logs: () => [...lines.values()].flat().join('\n'),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...started.values()].map((container) => container.stop()));
      for (const network of networks.values()) await network.stop();
    },
  };
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
