// The summary that DuckDB and Polars make of a table in memory: "profile who seconds cpu=... rows=...". Reading is not counted.
// node profile.mjs duckdb|polars FILE.csv [RUNS]; npm packages are found below $PEERS_NODE.
import { createRequire } from "node:module";

const need = createRequire((process.env.PEERS_NODE ?? "/tmp/peers/node") + "/x.js");
const [who, path, runs] = [process.argv[2], process.argv[3], Number(process.argv[4] ?? 3)];

async function timed(rows, what) {
  for (let run = 0; run < runs; run++) {
    const cpu = process.cpuUsage(), begin = process.hrtime.bigint();
    await what();
    const wall = Number(process.hrtime.bigint() - begin) / 1e9, used = process.cpuUsage(cpu);
    console.log(`profile ${who} ${wall.toFixed(3)} cpu=${((used.user + used.system) / 1e6).toFixed(3)} rows=${rows}`);
  }
}

if (who === "duckdb") {
  const { DuckDBInstance } = need("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`create table t as select * from read_csv('${path}')`);
  const rows = (await connection.runAndReadAll("select count(*)::int from t")).getRows()[0][0];
  await timed(rows, async () => (await connection.runAndReadAll("summarize t")).getRows());
} else {
  const polars = need("nodejs-polars");
  const frame = polars.readCSV(path) // its describe() refuses dates
  await timed(frame.height, () => frame.describe());
}
