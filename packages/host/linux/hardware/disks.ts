import type { DiskHardware } from '../../hardware.ts';
import type { SysReader } from './sys-reader.ts';

const sectorBytes = 512;
/** SCSI's peripheral type of CD and DVD drives. */
const cdType = '5';

/** Whole disks with a device behind them: no loop, RAM or mapped ones, whose disks are listed themselves. */
export async function readDisks(sys: SysReader): Promise<DiskHardware[]> {
  const disks = await Promise.all((await sys.list('/sys/block')).map((name) => readDisk(sys, name)));
  return disks.filter((disk) => disk !== null);
}

async function readDisk(sys: SysReader, name: string): Promise<DiskHardware | null> {
  const folder = `/sys/block/${name}`;
  const device = `${folder}/device`;
  const [link, type, hidden, sectors] = await Promise.all([
    sys.linkName(device),
    sys.text(`${device}/type`),
    sys.text(`${folder}/hidden`),
    sys.text(`${folder}/size`),
  ]);
  // A path to an NVMe disk that has several is hidden behind the disk.
  if (link === null || type === cdType || hidden === '1') return null;
  const [model, serial, temperatureCelsius] = await Promise.all([sys.text(`${device}/model`), readSerial(sys, folder), readTemperature(sys, device)]);
  return {
    // `!` stands for the slashes of a name such as cciss/c0d0.
    device: `/dev/${name.replaceAll('!', '/')}`,
    model: model ?? '',
    serial,
    sizeBytes: Number(sectors ?? 0) * sectorBytes,
    smartAvailable: false,
    smartHealthy: false,
    temperatureCelsius,
    powerOnHours: null,
  };
}

/** NVMe and MMC say it beside their model, virtio at the disk, SCSI and SATA in a page of their own (SPC: unit serial number, four bytes of head). */
async function readSerial(sys: SysReader, folder: string): Promise<string> {
  const [beside, own, page] = await Promise.all([sys.text(`${folder}/device/serial`), sys.text(`${folder}/serial`), sys.text(`${folder}/device/vpd_pg80`)]);
  return beside || own || printable(page?.slice(4) ?? '');
}

/** The page is bytes, padded with any of them. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f\ufffd]/g, '').trim();

/** The disk's own sensor (nvme, drivetemp); of several the first, which is the composite one. */
async function readTemperature(sys: SysReader, device: string): Promise<number | null> {
  const within = (await sys.list(`${device}/hwmon`)).map((name) => `${device}/hwmon/${name}`);
  const beside = (await sys.list(device)).filter((name) => /^hwmon\d+$/.test(name)).map((name) => `${device}/${name}`);
  const [sensor] = [...within, ...beside];
  const milli = sensor === undefined ? null : await sys.text(`${sensor}/temp1_input`);
  return milli === null || !/^-?\d+$/.test(milli) ? null : Math.round(Number(milli) / 1000);
}
