/** A script of the guest, as text. */
declare module '*.sh' {
  const text: string;
  export default text;
}
