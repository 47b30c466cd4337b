/** A warm process that does what it is told, message by message. */
import { fork } from "node:child_process";
import { once } from "node:events";

export interface Worker<T extends object> extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has answered. @throws Error when it ended instead */
  tell(message: T): Promise<void>;
}

/** `program` sends a message when it is ready, and one for each it was told. */
export async function startWorker<T extends object>(
  program: string,
  env: NodeJS.ProcessEnv,
): Promise<Worker<T>> {
  const child = fork(program, { env });
  const ended = once(child, "exit").then(() => {
    throw new Error(`${program} has ended`);
  });
  ended.catch(() => undefined);
  const answered = async (): Promise<unknown> =>
    await Promise.race([once(child, "message"), ended]);
  await answered();
  return {
    pid: child.pid ?? 0,
    async tell(message) {
      const answer = answered();
      child.send(message);
      await answer;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended.catch(() => undefined);
    },
  };
}
