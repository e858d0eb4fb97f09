import { readFile } from "node:fs/promises";

/** Linux counts in these, whatever the kernel's own tick is (proc(5), sysconf(_SC_CLK_TCK)). */
const TICK_MS = 10;

/**
 * CPU time that a process has used so far, in milliseconds; null where there is no /proc. Unlike a
 * rate it hardly depends on what else the machine is doing.
 */
export async function cpuTimeMs(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The name, in brackets, may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
