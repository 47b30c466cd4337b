/** Requests as an upstream service posts them, followed to their end by a watch of the ledger. */
import type { Pipeline } from "../../support/functions/pipeline.ts";
import { requested } from "../../support/functions/requested.ts";
import { watchRequests } from "../../../infra/local/run/request-watch.ts";

export interface Asked {
  readonly customerId: string;
  readonly startDate: string;
  readonly endDate: string;
}

export interface PostedRequests {
  /**
   * Posts a request and waits until it is executed and announced; answers the milliseconds from the
   * post to the write of `executed`. @throws Error when it failed, or nothing happened for a minute
   */
  run(asked: Asked): Promise<number>;
}

export async function followRequests(
  pipeline: Pipeline,
  opened: AsyncDisposableStack,
): Promise<PostedRequests> {
  const { kube, namespace } = pipeline;
  const changes = opened.use(await watchRequests({ kubeconfig: kube.kubeconfig, namespace }));
  let lastTime = 0;
  return {
    async run(asked) {
      const time = (lastTime = Math.max(Date.now(), lastTime + 1));
      const name = `transaction-request-${asked.customerId}-${time}`;
      const began = performance.now();
      const posted = postRequest(pipeline.urlOf("request-intake"), asked, time);
      let executedAt: number | undefined;
      for (;;) {
        const change = await changes.next(AbortSignal.timeout(60_000));
        if (!change) throw new Error("a request was not executed in a minute");
        if (change.facts.name !== name) continue;
        if (change.status === "failed") throw new Error(`a request failed: ${change.errorCode}`);
        if (change.status !== "executed") continue;
        executedAt ??= performance.now();
        if (!change.announced) continue;
        await posted;
        return executedAt - began;
      }
    },
  };
}

export async function postRequest(
  url: string,
  { customerId, startDate, endDate }: Asked,
  time = Date.now(),
): Promise<void> {
  const data = { customer_id: customerId, start_date: startDate, end_date: endDate };
  const sender = { source: "/bench", time: new Date(time).toISOString() };
  const response = await fetch(url, requested(data, sender));
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`intake answered ${response.status}`);
}
