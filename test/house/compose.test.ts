import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mountOf, readCompose } from '../e2e/compose.ts';
import { root } from '../support/source-files.ts';

const { services, networks, volumes } = readCompose();
const named = Object.entries(services);
const running = named.filter(([, service]) => service.restart !== 'no');
const mountsOf = (name: string) => (services[name]?.volumes ?? []).map(mountOf);
const mountedBy = (volume: string) =>
  named.filter(([name]) => mountsOf(name).some(({ source }) => source === volume)).map(([name]) => name);

describe('compose', () => {
  it('compose - one image for all, on any base', () => {
    expect(new Set(named.map(([, { image }]) => image))).toEqual(new Set(['causeway']));
    expect(services.init?.build).toEqual({ context: '.', args: { BASE: `\${BASE:-scratch}` } });
    const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^ARG BASE=scratch\nFROM \$\{BASE\}$/m);
    // On scratch there is nothing to run a command with.
    expect(dockerfile).not.toMatch(/^RUN /m);
  });

  it('compose - the servers run nats-config as it stands', () => {
    const configuration = (name: string) =>
      mountsOf(name).filter(({ source }) => !Object.hasOwn(volumes, source));
    expect(configuration('hub')).toMatchObject([
      { source: './nats-config/hub.conf', target: '/fabric/sites/cloud/nats/hub.conf', readOnly: true },
    ]);
    expect(configuration('edge-a')).toMatchObject([
      { source: './nats-config/edge.conf', target: '/fabric/sites/edge-a/nats/edge.conf', readOnly: true },
    ]);
  });

  it('compose - each volume is mounted by its own part, and the vault by none that runs', () => {
    expect(Object.fromEntries(Object.keys(volumes).map((volume) => [volume, mountedBy(volume)]))).toEqual({
      cloud: ['init', 'hub', 'gateway-cloud'],
      'edge-a': ['init', 'edge-a', 'gateway-edge-a'],
      registry: ['init', 'registry'],
      admin: ['init', 'admin'],
      vault: ['init'],
    });
  });

  it('compose - an edge meets the cloud on the uplink, at the hub alone', () => {
    const inNetwork = (network: string) =>
      named.filter(([, service]) => service.networks?.includes(network)).map(([name]) => name);
    expect(inNetwork('uplink')).toEqual(['hub', 'edge-a']);
    expect(inNetwork('edge-a')).toEqual(['edge-a', 'gateway-edge-a']);
    expect(networks.uplink).toEqual({ internal: true });
  });

  it('compose - only client ports are published, which speak TLS, and on loopback', () => {
    const published = named.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    expect(published).toEqual([
      `hub 127.0.0.1:\${HUB_PORT:-4222}:4222`,
      `edge-a 127.0.0.1:\${EDGE_A_PORT:-4223}:4222`,
    ]);
  });

  it.each(running)(
    'compose - %s has no root, no capability and nothing it can change but its volume',
    (_, part) => {
      expect(part).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: 'unless-stopped',
      });
      expect(part.user).toBeUndefined();
      expect(part.cap_add).toBeUndefined();
      expect(part.depends_on).toBeDefined();
    },
  );
});
