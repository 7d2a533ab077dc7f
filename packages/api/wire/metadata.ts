/** Metadata behind answers, which the contract does not know: our code, and what helps, as UTF-8. */
export const metadataKeys = { code: 'mvirt-code', hint: 'mvirt-hint-bin', note: 'mvirt-note-bin' } as const;
