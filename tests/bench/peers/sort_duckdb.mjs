// The sorts of bench_sort.lua by DuckDB: into a temporary table, an enum for the category.
import { createRequire } from "node:module";
const { DuckDBInstance } = createRequire(process.env.PEERS_NODE + "/x.js")("@duckdb/node-api");
const db = await (await DuckDBInstance.create(":memory:")).connect();
await db.run(`create table t as select * from read_csv('${process.env.SHAPE}')`);
await db.run("create type cities as enum (select distinct city from t order by 1)");
await db.run("alter table t alter city type cities");
const tasks = [["sort_int64", "id"], ["sort_float64", "x"], ["sort_string", "name"], ["sort_category", "city"], ["sort_two_keys", "city, id desc"]];
for (const [task, by] of tasks)
  for (let run = 0; run < 3; run++) {
    await db.run("drop table if exists s");
    const busy = process.cpuUsage(), begin = process.hrtime.bigint();
    await db.run(`create table s as select * from t order by ${by}`);
    const wall = Number(process.hrtime.bigint() - begin) / 1e9, used = process.cpuUsage(busy);
    const first = (await db.runAndReadAll("select id from s limit 1")).getRows()[0][0];
    console.log(`${task} duckdb ${wall.toFixed(3)} cpu=${((used.user + used.system) / 1e6).toFixed(2)} rows=${process.env.BENCH_ROWS} first=${first}`);
  }
