/**
 * Undoes alternate screen, mouse, paste and focus modes, hidden cursor, scroll region, keyboard modes, character sets and colours.
 * Leaving the alternate screen and setting the region move the cursor, hence it is saved before each (each screen has its own saved one).
 */
export const settled =
  '\u001b7\u001b[?1049l\u001b[?1000;1002;1003;1004;1006;2004;2048;1l\u001b>\u001b[<99u\u001b[?25;7h\u001b7\u001b[r\u001b8\u001b(B\u000f\u001b[0m\u001b]104\u001b\\';
