import { fabricLayout } from '../layout.ts';
import { readFabric, writeFabric } from '../settings.ts';
import { whileChanging } from '../up/changing.ts';

/** Strikes a site off the list of what the fabric consists of: `up` runs it no more. Its folder stays. */
export async function forgetSite(dir: string, site: string): Promise<void> {
  await whileChanging(fabricLayout(dir), async () => {
    const settings = await readFabric(dir);
    if (!settings.sites.includes(site)) return;
    await writeFabric(dir, { ...settings, sites: settings.sites.filter((each) => each !== site) });
  });
}
