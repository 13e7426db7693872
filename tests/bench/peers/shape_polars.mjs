// bench_shape.lua's tasks in Polars: data frames in memory, texts of few values as categoricals.
import { createRequire } from "node:module";
const { BENCH_LEFT, BENCH_RIGHT, BENCH_MEDIUM, BENCH_SMALL, BENCH_THREADS = "2", BENCH_RUNS = "3", BENCH_ONLY = "" } = process.env;
process.env.POLARS_MAX_THREADS = BENCH_THREADS;
const need = createRequire((process.env.PEERS_NODE ?? "/tmp/peers/node") + "/x.js");
const pl = need("nodejs-polars");
pl.enableStringCache?.();
const texts = (d, ...names) => d.withColumns(...names.map((n) => pl.col(n).cast(pl.Categorical)));
const t = texts(pl.readCSV(BENCH_LEFT), "id1", "id2", "id3");
const big = pl.readCSV(BENCH_RIGHT), medium = pl.readCSV(BENCH_MEDIUM), small = texts(pl.readCSV(BENCH_SMALL), "id1");
const c = pl.col;
const group = (by, ...what) => () => t.lazy().groupBy(by).agg(...what).collectSync();
const join = (other, on, how = "inner") => () => t.join(other, { on, how });
const tasks = {
  group_text_100_sum: group(["id1"], c("v1").sum().alias("s")),
  group_2_texts_sum: group(["id1", "id2"], c("v1").sum().alias("s")),
  group_text_1e5_sum_mean: group(["id3"], c("v1").sum().alias("s"), c("v3").mean().alias("m")),
  group_int_100_means: group(["id4"], c("v1").mean().alias("s"), c("v2").mean().alias("m"), c("v3").mean().alias("c")),
  group_int_1e5_sums: group(["id6"], c("v1").sum().alias("s"), c("v2").sum().alias("m"), c("v3").sum().alias("c")),
  group_2_ints_median_sd: group(["id4", "id5"], c("v3").median().alias("s"), c("v3").std().alias("m")),
  group_text_1e5_max_min: group(["id3"], c("v1").max().alias("s"), c("v2").min().alias("m")),
  group_int_1e7_sum: group(["id7"], c("v3").sum().alias("s")),
  group_string_1e7_sum: group(["id8"], c("v3").sum().alias("s")),
  group_6_keys_sum_count: group(["id1", "id2", "id3", "id4", "id5", "id6"], c("v3").sum().alias("s"), c("v3").count().alias("m")),
  join_int_100: join(small, "id4"),
  join_text_100: join(small, "id1"),
  join_int_1e6: join(medium, "id7"),
  join_int_1e7: join(big, "id7"),
  join_int_1e7_left: join(big, "id7", "left"),
  join_string_1e6: join(medium, "id8"),
  join_string_1e7: join(big, "id8"),
};
for (const [name, run] of Object.entries(tasks)) {
  if (!name.match(BENCH_ONLY)) continue;
  const walls = [], cpus = [];
  let o;
  try {
    for (let r = 0; r < Number(BENCH_RUNS); r++) {
      o = undefined;
      globalThis.gc?.();
      const cpu = process.cpuUsage(), wall = process.hrtime.bigint();
      o = run();
      walls.push(Number(process.hrtime.bigint() - wall) / 1e9);
      const used = process.cpuUsage(cpu);
      cpus.push((used.user + used.system) / 1e6);
    }
  } catch (problem) {
    console.log(`# ${name} polars: ${String(problem.message).split("\n")[0]}`);
    continue;
  }
  const middle = (x) => x.sort((a, b) => a - b)[Math.ceil(x.length / 2) - 1];
  const sums = ["s", "m", "c", "w"].filter((x) => o.columns.includes(x));
  const row = o.select(...sums.map((x) => c(x).sum().cast(pl.Float64))).row(0);
  console.log(name.padEnd(24), "polars    ", middle(walls).toFixed(3).padStart(8), `cpu=${middle(cpus).toFixed(3)}`, `rows=${o.height}`,
    ...sums.map((x, i) => `${x}=${Number(row[i].toPrecision(9))}`));
}
