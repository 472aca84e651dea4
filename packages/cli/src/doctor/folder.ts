import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { exposedKeys, FabricError, fabricLayout, isFounded, readFabric, readSite } from '@causeway/fabric';
import { describeCertificate } from '@causeway/identity';
import { type Check, type Finding, fail, ok, warn } from './check.ts';

const gibibyte = 1024 ** 3;
const day = 24 * 60 * 60 * 1000;

/** Free disk space: below the one a fabric may soon refuse calls, below the other it will not start for long. */
const space = { enough: 5 * gibibyte, least: gibibyte / 2 } as const;

/** Days before its end at which a certificate is spoken of. */
const soonDays = 30;

/** The nearest folder that is there: a fabric's own may not be founded yet. */
async function standing(dir: string): Promise<string> {
  for (let folder = path.resolve(dir); ; folder = path.dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() || folder === path.dirname(folder)) return folder;
  }
}

/** The fabric's folder and the format of what is in it. */
export const checkState: Check = async (_context, dir) => {
  const { root } = fabricLayout(dir);
  if (!(await isFounded(dir))) {
    const folder = await standing(dir);
    const writable = await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    );
    return [
      writable
        ? ok('state', `no fabric in ${root} yet; causeway up founds one`)
        : fail('state', `${folder} cannot be written`, 'name another folder with --dir, or change its owner'),
    ];
  }
  try {
    const { sites, tenants, format } = await readFabric(dir);
    const findings: Finding[] = [
      ok('state', `${root}: format ${format}, sites ${sites.join(', ')}, tenants ${tenants.join(', ')}`),
    ];
    for (const site of sites) {
      await readSite(dir, site).catch((error: unknown) => {
        if (!(error instanceof FabricError)) throw error;
        findings.push(warn('state', error.message, `nothing, where site ${site} runs on another machine`));
      });
    }
    return findings;
  } catch (error) {
    return [fail('state', (error as Error).message, 'restore the folder from a backup')];
  }
};

/** That nobody else can read keys. */
export const checkPermissions: Check = async (_context, dir) => {
  if (process.platform === 'win32' || !(await isFounded(dir))) return [];
  const { root } = fabricLayout(dir);
  const { secrets, exposed } = await exposedKeys(root);
  if (exposed.length === 0) {
    return [ok('permissions', `${secrets} files with keys, readable by their owner alone`)];
  }
  const first = exposed.slice(0, 5).map((file) => file.path);
  const more = exposed.length > 5 ? ` and ${exposed.length - 5} more` : '';
  const files = first.map((file) => path.join(root, file)).join(' ');
  return [
    fail(
      'permissions',
      `others can read ${first.join(', ')}${more} in ${root}`,
      `run: chmod 600 ${files}; and revoke what they may know`,
    ),
  ];
};

/** That certificates go on to be good. */
export const checkCertificates: Check = async ({ clock }, dir) => {
  if (!(await isFounded(dir))) return [];
  const layout = fabricLayout(dir);
  const { sites } = await readFabric(dir);
  const files = [
    ['the CA', layout.ca],
    ...sites.map((site) => [site, path.join(layout.site(site).nats, 'tls', 'server.pem')] as const),
  ] as const;
  const findings: Finding[] = [];
  for (const [whose, file] of files) {
    const pem = await readFile(file, 'utf8').catch(() => undefined);
    if (pem === undefined) continue;
    const { notAfter, notBefore } = describeCertificate(pem);
    const left = Math.floor((notAfter - clock.now()) / day);
    const renewal =
      file === layout.ca
        ? 'found a fabric anew before then: all certificates hang on this one'
        : 'let causeway up, or run, renew it: it does where pki/ca.key is; elsewhere copy it from there';
    const found = `of ${whose}: until ${new Date(notAfter).toISOString().slice(0, 10)}, ${left} days`;
    if (notBefore > clock.now()) {
      findings.push(fail('certificate', `of ${whose}: not valid yet`, 'set this machine’s clock'));
    } else if (left < 0) {
      findings.push(fail('certificate', `of ${whose}: expired`, renewal));
    } else if (left < soonDays) findings.push(warn('certificate', found, renewal));
    else findings.push(ok('certificate', found));
  }
  return findings;
};

/** That records have somewhere to go: without space for them no call is admitted. */
export const checkDisk: Check = async (_context, dir) => {
  const folder = await standing(dir);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const found = `${(free / gibibyte).toFixed(1)} GiB free at ${folder}`;
  const advice = 'make room, or name a folder on another disk with --dir';
  if (free < space.least) return [fail('disk', found, advice)];
  return [free < space.enough ? warn('disk', found, advice) : ok('disk', found)];
};
