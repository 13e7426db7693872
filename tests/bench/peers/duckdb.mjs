// DuckDB's worker: tables in memory, results made as tables.
import { env, need, once, serve, threads } from "./worker.mjs";
const { DuckDBInstance } = need("@duckdb/node-api");
const c = await (await DuckDBInstance.create(":memory:", { threads })).connect();
await c.run("SET preserve_insertion_order=false");

const text = (path) => `'${path.replaceAll("'", "''")}'`;
const load = (name, path) => c.run(`CREATE TABLE ${name} AS SELECT * FROM read_csv(${text(path)})`);
const row = async (sql) => (await c.runAndReadAll(sql)).getRows()[0];
const enumerate = async (table, column) => {
  await c.run(`CREATE TYPE e_${table}_${column} AS ENUM (SELECT DISTINCT ${column} FROM ${table} ORDER BY 1)`);
  await c.run(`ALTER TABLE ${table} ALTER ${column} TYPE e_${table}_${column}`);
};

const whole = once(() => load("whole", env.BENCH_TABLE));
const mixed = once(async () => {
  await load("mixed", env.BENCH_MIXED);
  await enumerate("mixed", "city");
});
const plain = once(() => load("t", env.BENCH_LEFT));
const left = once(async () => {
  await plain();
  for (const column of ["id1", "id2", "id3"]) await enumerate("t", column);
});
const others = {
  big: once(() => load("big", env.BENCH_RIGHT)),
  medium: once(() => load("medium", env.BENCH_MEDIUM)),
  small: once(async () => {
    await load("small", env.BENCH_SMALL);
    await c.run("ALTER TABLE small ALTER id1 TYPE e_t_id1");
  }),
};

// The rows of o and the sums of those of `names` that it has.
const sums = (...names) => async () => {
  const columns = (await c.runAndReadAll("DESCRIBE o")).getRows().map((x) => x[0]);
  const had = names.filter((x) => columns.includes(x));
  const values = await row(`SELECT count(*)::DOUBLE ${had.map((x) => `, sum(${x})::DOUBLE`).join("")} FROM o`);
  return Object.fromEntries([["rows", values[0]], ...had.map((x, i) => [`sum_${x}`, values[i + 1]])]);
};
const drop = () => c.run("DROP TABLE IF EXISTS o");
const make = (prepare, sql, check) => async () => {
  await prepare?.();
  return [() => c.run(`CREATE TABLE o AS ${sql}`), check, drop];
};
const group = (by, what, prepare = left) => make(prepare, `SELECT ${by}, ${what} FROM t GROUP BY ${by}`, sums("s", "m", "c"));
const join = (other, on, how = "") =>
  make(async () => { await left(); await others[other](); }, `SELECT * FROM t ${how} JOIN ${other} AS o USING (${on})`, sums("v3", "w"));
const ends = async () => {
  const [rows] = await row("SELECT count(*)::DOUBLE FROM o");
  const at = async (place) => Number((await row(`SELECT id FROM o LIMIT 1 OFFSET ${place}`))[0]);
  return { rows, first: await at(0), last: await at(rows - 1) };
};
const sort = (by, check = ends) => async () => {
  await mixed();
  return [
    () => c.run(`CREATE TABLE o AS SELECT * FROM mixed ORDER BY ${by}`), check,
    async () => { await drop(); await c.run("SET preserve_insertion_order=true"); },
  ];
};
const derive = (formula) => make(mixed, `SELECT ${formula} AS s FROM mixed`, sums("s"));
const mask = (formula) => make(mixed, `SELECT ${formula} AS s FROM mixed`, async () => {
  const [rows, sum_s] = await row("SELECT count(*)::DOUBLE, sum(s::INT)::DOUBLE FROM o");
  return { rows, sum_s };
});
const take = (condition) => make(mixed, `SELECT * FROM mixed WHERE ${condition}`, sums("id", "x"));
const count = async () => ({ rows: (await row("SELECT count(*)::DOUBLE FROM whole"))[0] });
const summarize = async () => {
  await whole();
  return [
    async () => (await c.runAndReadAll("SUMMARIZE whole")).getRowObjects(),
    async (list) => ({ ...(await count()), mean_x1: Number(list.find((x) => x.column_name === "x1").avg) }),
  ];
};
const copy = async (from, to) => {
  await whole();
  return [() => c.run(`COPY whole TO ${text(to)} ${from}`), async () => ({ ...(await count()), copy: to })];
};
const wide = "SELECT i, i::DOUBLE * 0.5 AS h, hash(i)::VARCHAR AS s, DATE '2000-01-01' + (i % 9000)::INT AS d FROM range(ROWS) r(i)";
const made = (sql) => sql.replace("ROWS", env.BENCH_ROWS ?? "10000000");

const numbers = ["id", "qty", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"], imputed = ["x2", "x3", "x4"];
const clean = async () => {
  await whole();
  const within = (x, q) => `${x} BETWEEN ${q}[1] - 1.5 * (${q}[2] - ${q}[1]) AND ${q}[2] + 1.5 * (${q}[2] - ${q}[1])`;
  return [
    async () => {
      await c.run("CREATE TABLE a AS SELECT DISTINCT * FROM whole");
      const levels = (await c.runAndReadAll("SELECT DISTINCT cat FROM a")).getRows().map((x) => x[0]);
      await c.run(`CREATE TABLE f AS SELECT ${imputed.map((x) => `median(${x}) AS m_${x}`)},
        quantile_cont(x1, [0.25, 0.75]) AS q1, quantile_cont(x8, [0.25, 0.75]) AS q8 FROM a`);
      await c.run(`CREATE TABLE b AS SELECT a.* REPLACE (${imputed.map((x) => `coalesce(${x}, m_${x}) AS ${x}`)}) FROM a, f
        WHERE ${within("x1", "q1")} AND ${within("x8", "q8")}`);
      await c.run(`CREATE TABLE o AS WITH s AS (SELECT ${numbers.map((x) => `avg(${x}) AS a_${x}, stddev_samp(${x}) AS s_${x}`)} FROM b)
        SELECT ${numbers.map((x) => `(${x} - a_${x}) / s_${x} AS ${x}`)},
        ${levels.map((l) => `(cat = '${l}')::UTINYINT AS cat_${l}`)}, city, name, day FROM b, s`);
    },
    async () => {
      const [rows, n, ss] = await row("SELECT count(*)::DOUBLE, sum(cat_level_07)::DOUBLE, sum(x2 * x2) FROM o");
      return { rows, level_07: n, ss_x2: ss, columns: (await c.runAndReadAll("DESCRIBE o")).getRows().length };
    },
    async () => { for (const name of ["a", "f", "b", "o"]) await c.run(`DROP TABLE IF EXISTS ${name}`); },
  ];
};

await serve({
  clean_table: clean,
  csv_read: make(null, `SELECT * FROM read_csv(${text(env.BENCH_TABLE ?? "")})`, sums("id", "x1", "x8")),
  csv_write: () => copy("(HEADER)", env.BENCH_COPY),
  jsonl_read: make(null, `SELECT * FROM read_json(${text(env.BENCH_LINES ?? "")}, format = 'newline_delimited')`, sums("id", "income", "score")),
  profile: summarize,
  profile_summaries: summarize,
  drop_duplicates: make(whole, "SELECT DISTINCT * FROM whole", sums()),
  group_text_100_sum: group("id1", "sum(v1) AS s"),
  group_2_texts_sum: group("id1, id2", "sum(v1) AS s"),
  group_text_1e5_sum_mean: group("id3", "sum(v1) AS s, avg(v3) AS m"),
  group_int_100_means: group("id4", "avg(v1) AS s, avg(v2) AS m, avg(v3) AS c"),
  group_int_1e5_sums: group("id6", "sum(v1) AS s, sum(v2) AS m, sum(v3) AS c"),
  group_2_ints_median_sd: group("id4, id5", "median(v3) AS s, stddev_samp(v3) AS m"),
  group_text_1e5_max_min: group("id3", "max(v1) AS s, min(v2) AS m"),
  group_string_100_sum: group("id1", "sum(v1) AS s", plain),
  group_2_strings_sum: group("id1, id2", "sum(v1) AS s", plain),
  group_string_1e5_sum_mean: group("id3", "sum(v1) AS s, avg(v3) AS m", plain),
  group_string_1e5_max_min: group("id3", "max(v1) AS s, min(v2) AS m", plain),
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
  sort_int64: sort("id, x"),
  sort_float64: sort("x, id"),
  sort_string: sort("name, id"),
  sort_category: sort("city", async () => ({ rows: (await row("SELECT count(*)::DOUBLE FROM o"))[0] })),
  sort_two_keys: sort("city, id DESC"),
  mask_two_numbers: mask("k >= 17 AND x <= 0.9"),
  mask_category: mask("city = 'city123'"),
  mask_text: mask("starts_with(name, 'id00011')"),
  derive_arithmetic: derive("x * 2 + y"),
  derive_log: derive("ln(1 + x)"),
  derive_exp: derive("exp(x)"),
  filter_half: take("k >= 50"),
  filter_few: take("k = 17 AND x <= 0.2"),
  answer_texts: make(null, made(wide), sums("i", "h")),
  answer_numbers: make(null, made("SELECT i, i::DOUBLE * 0.5 AS h, i + 1 AS j, i::DOUBLE * 2.5 AS k FROM range(ROWS) r(i)"), sums("i", "h", "j", "k")),
});
