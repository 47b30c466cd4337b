/** The statement contradicts itself; its message says where, and holds no values. */
export class WrongStatement extends Error {
  override readonly name = "WrongStatement";
}
