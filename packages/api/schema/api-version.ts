/** The version of the documents, as `--json` prints it. */
export const apiVersion = 'mvirt/v1';
