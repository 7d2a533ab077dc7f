/** As far as commander uses it, for help without colours. */
export const stripVTControlCharacters = (text: string): string => process.getBuiltinModule('node:util').stripVTControlCharacters(text);
