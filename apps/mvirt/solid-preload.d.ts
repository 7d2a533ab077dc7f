/** The package ships no types for it; loading it is all that is done with it. */
declare module '@opentui/solid/preload';
