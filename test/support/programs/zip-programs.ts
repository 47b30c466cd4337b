/** The programs that people open a zip with, beside Info-ZIP's and Python's. */
import { debianProgram, type Program } from "./debian-program.ts";

export async function sevenZip(): Promise<Program> {
  return await debianProgram("7zip", ["7zz", "7z"]);
}

/** Of libarchive, which macOS, FreeBSD and many file managers open zips with. */
export async function bsdtar(): Promise<Program> {
  return await debianProgram("libarchive-tools", ["bsdtar"]);
}

/** Of routers and of small images. */
export async function busybox(): Promise<Program> {
  return await debianProgram("busybox", ["busybox"]);
}
