// Read $CSV into a data frame by Polars, types inferred; with $CSV_COPY, then write it there.
import { createRequire } from "node:module";
import { unlinkSync } from "node:fs";
const pl = createRequire(process.env.PEERS_NODE + "/x.js")("nodejs-polars");
const clock = () => Number(process.hrtime.bigint()) / 1e9;
let begin = clock();
const frame = pl.readCSV(process.env.CSV, { tryParseDates: true });
let seconds = clock() - begin;
if (process.env.CSV_COPY) {
  begin = clock();
  frame.writeCSV(process.env.CSV_COPY);
  seconds = clock() - begin;
  unlinkSync(process.env.CSV_COPY);
}
console.log(`rows=${frame.height} read=${seconds.toFixed(3)} peak_mb=${Math.round(process.resourceUsage().maxRSS / 1024)}`);
