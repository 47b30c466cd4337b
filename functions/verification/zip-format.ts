/** The marks of a zip's records. Source: PKWARE, APPNOTE.TXT, sections 4.3.7 to 4.3.16 and 4.4.1.4. */
export const LOCAL_HEADER = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
export const CENTRAL_HEADER = 0x02014b50;
export const ZIP64_END = 0x06064b50;
export const ZIP64_LOCATOR = 0x07064b50;
export const END = 0x06054b50;
/** In a field of 32 bits: the value is in the zip64 field. */
export const IN_ZIP64 = 0xffff_ffff;
