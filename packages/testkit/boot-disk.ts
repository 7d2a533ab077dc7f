/**
 * A disk that boots by BIOS: its first sector counts up the digit at the beginning of the second one, writes it back, and prints
 * "boot number N" on COM1. So what is printed tells whether the guest has written to its disk, and which one it was.
 *
 *     ljmp $0,$1f; 1: clear ds, es, ss; mov $0x7c00,%sp
 *     mov $dap,%si; mov $0x42,%ah; int $0x13; jc fail      read sector 1 to 0x7e00
 *     incb 0x7e00
 *     mov $dap,%si; mov $0x4300,%ax; int $0x13; jc fail    write it back
 *     print "boot number ", then the string at 0x7e00; hang: hlt; jmp hang
 */
const bootSector =
  'ea057c000031c08ed88ec08ed0bc007cbe527cb442cd13721cfe06007ebe527cb80043cd13720ebe627ce81100be007ee80b00eb06be6f7ce80300f4ebfd' +
  'bafd03eca82074fbac84c07406baf803eeebedc310000100007e00000100000000000000626f6f74206e756d62657220006469736b206572726f720d0a00';

export const bootDiskBytes = 1 << 20;

export function bootDisk(): Uint8Array<ArrayBuffer> {
  const disk = new Uint8Array(bootDiskBytes);
  disk.set(Buffer.from(bootSector, 'hex'));
  disk.set([0x55, 0xaa], 510);
  disk.set(Buffer.from('0\r\n\0'), 512);
  // Something beyond, so that a disk that was cut off is noticed.
  disk.set(Buffer.from('the end'), bootDiskBytes - 512);
  return disk;
}

/** The digit in the second sector: how often it was booted. */
export const bootsOf = (disk: Uint8Array): string => Buffer.from(disk.subarray(512, 513)).toString('latin1');
