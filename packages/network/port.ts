/** Bridges and TAPs of the host. */
export interface Network {
  /** What the agent may do here; reason: why it cannot make TAPs, for people. */
  rights(): { taps: boolean; reason: string | null };
  /**
   * Makes ready what a VM's NICs need: the bridge (created when missing), our TAPs (owned, up, ifalias `mvirt:<vm-id>`)
   * and checks TAPs named by the client. Undone on failure. @throws NETWORK_ERROR, UNSUPPORTED.
   */
  prepare(request: PrepareNics, options: { signal?: AbortSignal }): Promise<PreparedNic[]>;
  /** Removes the TAPs whose ifalias names this VM; `tap` limits it to one. Idempotent. Never touches a client's TAP. */
  release(vmId: string, options: { tap?: string; signal?: AbortSignal }): Promise<void>;
  /**
   * Makes a TAP ours that another daemon made for this VM: it gets our ifalias where it has none, and is released like those
   * that we made. Anything else is left as it is. @throws NETWORK_ERROR
   */
  claim(vmId: string, options: { tap: string; signal?: AbortSignal }): Promise<void>;
  /** TAPs that carry an ifalias of ours. held: a process has it open now. */
  present(options: { signal?: AbortSignal }): Promise<{ tap: string; vmId: string; held: boolean }[]>;
}

export type PrepareNics = {
  vmId: string;
  /** place: where our TAP goes; none or null: on the agent's own bridge. */
  nics: { index: number; tap: string | null; mac: string | null; place?: NicPlace | null }[];
};

/** A bridge that is there. guard: the NIC sends with its MAC and these addresses only; subnet: the network's IPv6 one. */
export type NicPlace = { bridge: string; guard: { subnet: string | null; addresses: { ipv4: string | null; ipv6: string | null } } | null };

/** ours false: a TAP named by the client, used as it is. */
export type PreparedNic = { index: number; tap: string; mac: string; ours: boolean };
