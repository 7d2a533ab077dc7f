import { bytesPerMib } from '@mvirt/domain';
import type { CallOptions } from '../driver.ts';
import type { SizeHand } from '../resizing.ts';
import type { ApiLink } from './api-link.ts';
import { ApiRefusal } from './refusal.ts';
import { infoReply } from './replies.ts';

/** Memory of any size is made at once, and takes a moment on a busy host. */
const resizeMs = 10_000;

/**
 * vm.resize, and what it leaves in vm.info. The configuration says the wanted vCPUs from the start: whether the guest has
 * let go is found out by asking for the same once more, which is refused (429) until then and does nothing after (v53.0).
 */
export function createSizeHand(link: Pick<ApiLink, 'get' | 'put'>): SizeHand {
  const resize = (body: { desired_vcpus: number } | { desired_ram: number }, options: CallOptions): Promise<void> =>
    link.put('vm.resize', body, { ...options, timeoutMs: resizeMs });

  const isRemoving = async (vcpus: number, options: CallOptions): Promise<boolean> => {
    try {
      await resize({ desired_vcpus: vcpus }, options);
      return false;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 429) return true;
      throw error;
    }
  };

  return {
    async read(known, options) {
      const { vcpus, memoryMib } = await link.get('vm.info', infoReply, options);
      const removing = known !== null && vcpus < known.vcpus && (await isRemoving(vcpus, options));
      return { vcpus: removing ? known.vcpus : vcpus, memoryMib, removing };
    },
    setVcpus: (wanted, options) => resize({ desired_vcpus: wanted }, options),
    growMemory: (_fromMib, toMib, options) => resize({ desired_ram: toMib * bytesPerMib }, options),
  };
}
