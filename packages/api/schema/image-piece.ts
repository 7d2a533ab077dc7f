/** Of one piece of an import, bytes or zeros; its base64 stays below what one message may have. */
export const maxImagePieceBytes = 2 << 20;
