import { expect, test } from 'bun:test';
import { type Boot, bootOf } from './boot.ts';
import type { BootMode } from './vm-spec.ts';

const own: Boot = { kind: 'firmware', path: null };
const firmware = (path: string): Boot => ({ kind: 'firmware', path });
const kernel = (path: string): Boot => ({ kind: 'kernel', kernel: path, initramfs: '/i', cmdline: 'quiet' });

const cases: [bootMode: BootMode, kernel: string | null, firmware: string | null, boots: Boot][] = [
  ['unspecified', '/boot/vmlinuz', null, kernel('/boot/vmlinuz')],
  ['kernel', '/boot/vmlinuz', null, kernel('/boot/vmlinuz')],
  ['disk', '/boot/vmlinuz', null, own],
  ['unspecified', null, null, own],
  ['unspecified', '', null, own],
  ['disk', null, null, own],
  ['disk', '', null, own],
  ['kernel', null, null, own],
  ['kernel', '', null, own],
  ['unspecified', '/fw/hypervisor-fw', null, firmware('/fw/hypervisor-fw')],
  ['kernel', '/fw/hypervisor-fw', null, firmware('/fw/hypervisor-fw')],
  ['disk', '/fw/hypervisor-fw', null, firmware('/fw/hypervisor-fw')],
  ['unspecified', 'hypervisor-fw', null, firmware('hypervisor-fw')],
  ['disk', '/fw/CLOUDHV.fd', null, firmware('/fw/CLOUDHV.fd')],
  ['unspecified', '/fw/CLOUDHV_EFI.fd', null, firmware('/fw/CLOUDHV_EFI.fd')],
  ['unspecified', '/usr/share/OVMF/OVMF_CODE.fd', null, firmware('/usr/share/OVMF/OVMF_CODE.fd')],
  ['unspecified', '/boot/not-hypervisor-fw', null, kernel('/boot/not-hypervisor-fw')],
  ['unspecified', '/hypervisor-fw/vmlinuz', null, kernel('/hypervisor-fw/vmlinuz')],
  ['unspecified', '/boot/OVMF.fd.old', null, kernel('/boot/OVMF.fd.old')],
  ['disk', null, '/fw/own.bin', firmware('/fw/own.bin')],
  ['kernel', '/boot/vmlinuz', '/fw/own.bin', firmware('/fw/own.bin')],
];

test.each(cases)('boot mode %s, kernel %p, firmware %p', (bootMode, kernelPath, firmwarePath, boots) => {
  expect(bootOf({ bootMode, kernel: kernelPath, firmware: firmwarePath, initramfs: '/i', cmdline: 'quiet' })).toEqual(boots);
});
