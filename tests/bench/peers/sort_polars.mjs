// The sorts of bench_sort.lua by Polars: the whole table, category as Polars has it.
import { createRequire } from "node:module";
const pl = createRequire(process.env.PEERS_NODE + "/x.js")("nodejs-polars");
let t = pl.readCSV(process.env.SHAPE, { tryParseDates: true });
t = t.withColumns(pl.col("city").cast(pl.Categorical));
const tasks = [
  ["sort_int64", ["id"], [false]], ["sort_float64", ["x"], [false]], ["sort_string", ["name"], [false]],
  ["sort_category", ["city"], [false]], ["sort_two_keys", ["city", "id"], [false, true]],
];
for (const [task, by, descending] of tasks)
  for (let run = 0; run < 3; run++) {
    const busy = process.cpuUsage(), begin = process.hrtime.bigint();
    const s = t.lazy().sort(by, descending, true, true).collectSync();
    const wall = Number(process.hrtime.bigint() - begin) / 1e9, used = process.cpuUsage(busy);
    console.log(`${task} polars ${wall.toFixed(3)} cpu=${((used.user + used.system) / 1e6).toFixed(2)} rows=${s.height} first=${s.row(0)[0]}`);
  }
