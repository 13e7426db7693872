// bench_shape.lua's tasks in DuckDB: tables in memory, results made as tables.
import { createRequire } from "node:module";
const need = createRequire((process.env.PEERS_NODE ?? "/tmp/peers/node") + "/x.js");
const { DuckDBInstance } = need("@duckdb/node-api");
const { BENCH_LEFT, BENCH_RIGHT, BENCH_MEDIUM, BENCH_SMALL, BENCH_THREADS = "2", BENCH_RUNS = "3", BENCH_ONLY = "" } = process.env;
const db = await DuckDBInstance.create(":memory:", { threads: BENCH_THREADS });
const c = await db.connect();
await c.run("SET preserve_insertion_order=false");
await c.run(`CREATE TABLE raw AS SELECT * FROM read_csv('${BENCH_LEFT}')`);
for (const k of ["id1", "id2", "id3"]) await c.run(`CREATE TYPE e_${k} AS ENUM (SELECT DISTINCT ${k} FROM raw ORDER BY 1)`);
await c.run(`CREATE TABLE t AS SELECT * REPLACE (id1::e_id1 AS id1, id2::e_id2 AS id2, id3::e_id3 AS id3) FROM raw`);
await c.run("DROP TABLE raw");
await c.run(`CREATE TABLE big AS SELECT * FROM read_csv('${BENCH_RIGHT}')`);
await c.run(`CREATE TABLE medium AS SELECT * FROM read_csv('${BENCH_MEDIUM}')`);
await c.run(`CREATE TABLE small AS SELECT id1::e_id1 AS id1, id4, w FROM read_csv('${BENCH_SMALL}')`);
const group = (by, what) => `SELECT ${by}, ${what} FROM t GROUP BY ${by}`;
const join = (other, on, how = "") => `SELECT * FROM t ${how} JOIN ${other} AS o USING (${on})`;
const tasks = {
  group_text_100_sum: group("id1", "sum(v1) AS s"),
  group_2_texts_sum: group("id1, id2", "sum(v1) AS s"),
  group_text_1e5_sum_mean: group("id3", "sum(v1) AS s, avg(v3) AS m"),
  group_int_100_means: group("id4", "avg(v1) AS s, avg(v2) AS m, avg(v3) AS c"),
  group_int_1e5_sums: group("id6", "sum(v1) AS s, sum(v2) AS m, sum(v3) AS c"),
  group_2_ints_median_sd: group("id4, id5", "median(v3) AS s, stddev_samp(v3) AS m"),
  group_text_1e5_max_min: group("id3", "max(v1) AS s, min(v2) AS m"),
  group_int_1e7_sum: group("id7", "sum(v3) AS s"),
  group_string_1e7_sum: group("id8", "sum(v3) AS s"),
  group_6_keys_sum_count: group("id1, id2, id3, id4, id5, id6", "sum(v3) AS s, count(*) AS m"),
  join_int_100: join("small", "id4"),
  join_text_100: join("small", "id1"),
  join_int_1e6: join("medium", "id7"),
  join_int_1e7: join("big", "id7"),
  join_int_1e7_left: join("big", "id7", "LEFT"),
  join_string_1e6: join("medium", "id8"),
  join_string_1e7: join("big", "id8"),
};
for (const [name, sql] of Object.entries(tasks)) {
  if (!name.match(BENCH_ONLY)) continue;
  const walls = [], cpus = [];
  for (let r = 0; r < Number(BENCH_RUNS); r++) {
    await c.run("DROP TABLE IF EXISTS o");
    const cpu = process.cpuUsage(), wall = process.hrtime.bigint();
    await c.run(`CREATE TABLE o AS ${sql}`);
    walls.push(Number(process.hrtime.bigint() - wall) / 1e9);
    const used = process.cpuUsage(cpu);
    cpus.push((used.user + used.system) / 1e6);
  }
  const middle = (x) => x.sort((a, b) => a - b)[Math.ceil(x.length / 2) - 1];
  const columns = (await c.runAndReadAll("DESCRIBE o")).getRows().map((x) => x[0]);
  const sums = ["s", "m", "c", "w"].filter((x) => columns.includes(x));
  const row = (await c.runAndReadAll(`SELECT count(*)::DOUBLE ${sums.map((x) => `, sum(${x})::DOUBLE`).join("")} FROM o`)).getRows()[0];
  console.log(name.padEnd(24), "duckdb    ", middle(walls).toFixed(3).padStart(8), `cpu=${middle(cpus).toFixed(3)}`, `rows=${row[0]}`,
    ...sums.map((x, i) => `${x}=${Number(row[i + 1].toPrecision(9))}`));
}
