/** The bare-metal guest, for tests of packages that have nothing else to do with guests. */
export { tinyGuestPath } from '@mvirt/guests';
