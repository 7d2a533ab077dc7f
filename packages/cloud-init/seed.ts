/** What a VM's NoCloud seed is made from. */
export type SeedInput = {
  vmId: string;
  name: string | null;
  /** Text: cloud-config YAML, a script, any user-data; null: none given. */
  userData: string | null;
  sshKeys: string[];
  macs: string[];
};
