/** CPU seconds of this process, or those since a reading of `process.cpuUsage()`. */
export function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
