// A worker of ../bench.lua: tasks by name on standard input, answers on standard output. A task is a function that prepares and gives
// [run, check, before]: run is timed; check(what run gave) gives rows and sums; before, where there is one, runs ahead of each run.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const need = createRequire((process.env.PEERS_NODE ?? "/tmp/peers/node") + "/x.js");
export const env = process.env;
export const threads = env.BENCH_THREADS ?? "2";

// Prepares once, whoever asks.
export const once = (make) => {
  let made;
  return () => (made ??= make());
};

const peak = () => Math.round(Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024);

export async function serve(tasks) {
  const ready = {};
  for await (const name of createInterface({ input: process.stdin })) {
    if (name === "quit") process.exit(0);
    try {
      if (!tasks[name]) throw new Error("no such task");
      const [run, check, before] = (ready[name] ??= await tasks[name]());
      globalThis.gc?.();
      await before?.();
      const cpu = process.cpuUsage(), begin = process.hrtime.bigint();
      const made = await run();
      const wall = Number(process.hrtime.bigint() - begin) / 1e9, used = process.cpuUsage(cpu);
      const most = peak();
      const words = Object.entries(await check(made)).map(([key, value]) => `${key}=${typeof value === "number" ? Number(value.toPrecision(12)) : value}`);
      console.log(`done wall=${wall.toFixed(6)} cpu=${((used.user + used.system) / 1e6).toFixed(6)} peak_mb=${most}`, ...words);
    } catch (problem) {
      console.log("fail", String(problem.message ?? problem).split("\n")[0]);
    }
  }
}
