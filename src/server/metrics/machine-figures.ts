/**
 * Machine figures: how busy the processors are and how much memory is used, of the whole machine,
 * as dashboards for Triton expect them.
 *
 * Use of processors is a share of the time between two readings: the reader keeps the last one.
 * Two readings closer together than `shortestMs` give the same answer, so that two scrapers do
 * not spoil each other's figure.
 */
import { cpus, freemem, totalmem } from "node:os";

export interface MachineFigures {
  /** 0 to 1; 0 until the first interval is over. */
  readonly cpuUtilization: number;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
}

interface CpuTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

const shortestMs = 500;

export class MachineReader {
  #last: CpuTimes = readCpuTimes();
  #readAtMs: number = performance.now();
  #cpuUtilization = 0;

  read(): MachineFigures {
    this.#updateCpu();
    const memoryTotalBytes = totalmem();
    return {
      cpuUtilization: this.#cpuUtilization,
      memoryTotalBytes,
      memoryUsedBytes: memoryTotalBytes - freemem(),
    };
  }

  #updateCpu(): void {
    const nowMs = performance.now();
    if (nowMs - this.#readAtMs < shortestMs) return;
    const now = readCpuTimes();
    const totalMs = now.totalMs - this.#last.totalMs;
    if (totalMs > 0) this.#cpuUtilization = (now.busyMs - this.#last.busyMs) / totalMs;
    this.#last = now;
    this.#readAtMs = nowMs;
  }
}

function readCpuTimes(): CpuTimes {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busyMs, totalMs: busyMs + idleMs };
}
