/** A file that Bun embeds: its path is the module's default export. */
declare module '*.elf' {
  const path: string;
  export default path;
}
