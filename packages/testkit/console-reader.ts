import { createAgentClient } from '@mvirt/api/client';

/** A client in a process of its own, which a test can stop: reads VM `flood`'s console and prints one line once bytes come. */
const [socketPath = ''] = process.argv.slice(2);
const client = createAgentClient({ socketPath });
let told = false;
client.api.console.attach.subscribe(
  { vm: 'flood' },
  {
    onData: ({ data }) => {
      if (data.kind === 'data' && !told) process.stdout.write('reading\n');
      told = true;
    },
  },
);
