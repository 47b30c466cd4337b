/** The parts of prom-client that are imported by themselves; its types describe only the whole. */
declare module "prom-client/lib/counter.js" {
  export { Counter as default } from "prom-client";
}
declare module "prom-client/lib/gauge.js" {
  export { Gauge as default } from "prom-client";
}
declare module "prom-client/lib/histogram.js" {
  export { Histogram as default } from "prom-client";
}
declare module "prom-client/lib/registry.js" {
  export { Registry as default } from "prom-client";
}
declare module "prom-client/lib/metrics/eventLoopLag.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
declare module "prom-client/lib/metrics/gc.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
declare module "prom-client/lib/metrics/heapSizeAndUsed.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
declare module "prom-client/lib/metrics/osMemoryHeap.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
declare module "prom-client/lib/metrics/processOpenFileDescriptors.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
declare module "prom-client/lib/metrics/processStartTime.js" {
  const add: (registry: import("prom-client").Registry) => void;
  export default add;
}
