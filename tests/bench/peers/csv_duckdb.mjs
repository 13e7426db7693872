// Read $CSV into a table of DuckDB, types inferred.
import { createRequire } from "node:module";
const { DuckDBInstance } = createRequire(process.env.PEERS_NODE + "/x.js")("@duckdb/node-api");
const database = await DuckDBInstance.create(":memory:");
const connection = await database.connect();
const begin = process.hrtime.bigint();
await connection.run(`CREATE TABLE t AS SELECT * FROM read_csv('${process.env.CSV.replaceAll("'", "''")}')`);
const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
const rows = (await (await connection.runAndReadAll("SELECT count(*)::DOUBLE FROM t")).getRows())[0][0];
console.log(`rows=${rows} read=${seconds.toFixed(3)} peak_mb=${Math.round(process.resourceUsage().maxRSS / 1024)}`);
