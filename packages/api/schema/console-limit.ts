/** At most this many bytes in one message, either way. */
export const maxConsoleMessageBytes = 65_536;
