import path from 'node:path';

/**
 * Where everything of a fabric is, below one folder (docs/architecture.md, "Files"). A site's own folder holds
 * all that the site needs, so that it can stand on a machine of its own.
 */
export function fabricLayout(dir: string) {
  const root = path.resolve(dir);
  const at = (...parts: string[]) => path.join(root, ...parts);
  return {
    root,
    fabric: at('fabric.json'),
    operator: at('operator'),
    ca: at('pki', 'ca.pem'),
    caKey: at('pki', 'ca.key'),
    registry: at('registry'),
    bootstrap: at('registry', 'bootstrap.json'),
    admin: at('admin', 'root.creds'),
    services: at('services'),
    logs: at('logs'),
    run: at('run'),
    lock: at('run', 'up.pid'),
    changing: at('run', 'changing.pid'),
    part: (name: string) => at('run', `${name}.pid`),
    processes: at('run', 'processes.json'),
    site: (site: string) => siteLayout(at('sites', site)),
  };
}

/** Where everything of one site is. */
export function siteLayout(folder: string) {
  return {
    folder,
    settings: path.join(folder, 'site.json'),
    nats: path.join(folder, 'nats'),
    leafCreds: path.join(folder, 'nats', 'creds'),
    ca: path.join(folder, 'nats', 'tls', 'ca.pem'),
    creds: path.join(folder, 'creds'),
    keys: path.join(folder, 'keys'),
    carriedCounters: path.join(folder, 'counters.json'),
  };
}

export type FabricLayout = ReturnType<typeof fabricLayout>;
export type SiteLayout = ReturnType<typeof siteLayout>;
