/** The bare-metal guest's manners, without a machine: echo, keys, button and hot-plug. */
export type TinyGuest = {
  readonly ejects: boolean;
  type(text: string): void;
  pressButton(): void;
  plugged(slot: number): void;
  vcpuPlugged(cpu: number): void;
  pause(paused: boolean): void;
};

export type TinyGuestDeps = { cmdline: string; print(text: string): void; powerOff(): void; reset(): void };

export function createTinyGuest({ cmdline, print, powerOff, reset }: TinyGuestDeps): TinyGuest {
  const words = cmdline.split(' ');
  let untyped: (() => void)[] | null = null;

  /** What happens to a paused guest is seen by it when it goes on. */
  const when = (act: () => void): void => {
    if (untyped) untyped.push(act);
    else act();
  };
  const off = (): void => {
    print('\r\nTINY bye\r\n');
    powerOff();
  };
  print(`TINY up: ${cmdline}\r\n`);

  return {
    ejects: !words.includes('keep'),
    type: (text) =>
      when(() => {
        if (text === 'q') off();
        else if (text === 'r') reset();
        else if (text === 'f') print(`${'.'.repeat(262_144)}\r\n`);
        else print(text);
      }),
    pressButton: () =>
      when(() => {
        print('TINY button\r\n');
        if (!words.includes('deaf')) off();
      }),
    plugged: (slot) => when(() => print(`TINY pci up ${(1 << slot).toString(16).padStart(8, '0')}\r\n`)),
    vcpuPlugged: (cpu) => when(() => print(`TINY cpu up ${cpu.toString(16).padStart(8, '0')}\r\n`)),
    pause(paused) {
      const missed = untyped ?? [];
      untyped = paused ? missed : null;
      if (!paused) for (const act of missed) act();
    },
  };
}
