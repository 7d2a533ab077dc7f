/** A `.proto` file, imported as text (`with { type: 'text' }`): so it is also there in a program that is one file. */
declare module '*.proto' {
  const text: string;
  export default text;
}
