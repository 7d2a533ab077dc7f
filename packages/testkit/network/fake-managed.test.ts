import { test } from 'bun:test';
import { createFakeManagedNetworks } from '../fake-managed-networks.ts';
import { managedContract } from './managed-contract.ts';

managedContract(
  'fake',
  async () => {
    const managed = createFakeManagedNetworks();
    return {
      managed,
      lose: async (name) => managed.lose(name),
      endServer: async (name) => managed.endServer(name),
      async [Symbol.asyncDispose]() {},
    };
  },
  test,
);
