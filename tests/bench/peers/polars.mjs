// Polars' worker: data frames in memory, texts of few values as categoricals.
import { env, need, once, serve, threads } from "./worker.mjs";
process.env.POLARS_MAX_THREADS = threads;
const pl = need("nodejs-polars");
pl.enableStringCache?.();
const c = pl.col;
const texts = (d, ...names) => d.withColumns(...names.map((n) => c(n).cast(pl.Categorical)));

const whole = once(() => pl.readCSV(env.BENCH_TABLE)); // its describe() refuses dates
const dated = once(() => pl.readCSV(env.BENCH_TABLE, { tryParseDates: true }));
const mixed = once(() => texts(pl.readCSV(env.BENCH_MIXED, { tryParseDates: true }), "city"));
const plain = once(() => pl.readCSV(env.BENCH_LEFT));
const left = once(() => texts(plain(), "id1", "id2", "id3"));
const others = {
  big: once(() => pl.readCSV(env.BENCH_RIGHT)),
  medium: once(() => pl.readCSV(env.BENCH_MEDIUM)),
  small: once(() => texts(pl.readCSV(env.BENCH_SMALL), "id1")),
};

// The rows of a frame and the sums of those of `names` that it has.
const sums = (...names) => (d) => {
  const had = names.filter((x) => d.columns.includes(x));
  const values = had.length ? d.select(...had.map((x) => c(x).sum().cast(pl.Float64))).row(0) : [];
  return Object.fromEntries([["rows", d.height], ...had.map((x, i) => [`sum_${x}`, values[i]])]);
};
const grouped = (frame) => (by, ...what) => () => {
  const t = frame();
  return [() => t.lazy().groupBy(by).agg(...what).collectSync(), sums("s", "m", "c")];
};
const group = grouped(left), group_plain = grouped(plain);
const join = (other, on, how = "inner") => () => {
  const t = left(), o = others[other]();
  return [() => t.join(o, { on, how }), sums("v3", "w")];
};
const sort = (by, descending) => () => {
  const t = mixed();
  const id = t.columns.indexOf("id");
  return [
    () => t.lazy().sort(by, descending, true, true).collectSync(),
    (s) => ({ rows: s.height, first: Number(s.row(0)[id]), last: Number(s.row(s.height - 1)[id]) }),
  ];
};
const derive = (formula) => () => {
  const t = mixed();
  return [() => t.lazy().select(formula.alias("s")).collectSync(), sums("s")];
};
const take = (condition) => () => {
  const t = mixed();
  return [() => t.lazy().filter(condition).collectSync(), sums("id", "x")];
};
const clean = () => {
  const t = dated();
  const numbers = ["id", "qty", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"], imputed = ["x2", "x3", "x4"];
  const quartiles = (x) => [c(x).quantile(0.25, "linear").alias(x + "l"), c(x).quantile(0.75, "linear").alias(x + "h")];
  const within = (x, l, h) => c(x).gtEq(pl.lit(l - 1.5 * (h - l))).and(c(x).ltEq(pl.lit(h + 1.5 * (h - l))));
  return [
    () => {
      const unique = t.unique({ maintainOrder: false, keep: "any" });
      const levels = unique.getColumn("cat").unique().toArray();
      const [l1, h1, l8, h8, ...medians] =
        unique.select(...quartiles("x1"), ...quartiles("x8"), ...imputed.map((x) => c(x).median().alias(x + "m"))).row(0);
      return unique.lazy().filter(within("x1", l1, h1).and(within("x8", l8, h8)))
        .withColumns(...imputed.map((x, i) => c(x).fillNull(pl.lit(medians[i]))))
        .select(
          ...numbers.map((x) => c(x).minus(c(x).mean()).divideBy(c(x).std()).alias(x)),
          ...levels.map((l) => c("cat").eq(pl.lit(l)).cast(pl.UInt8).alias("cat_" + l)), c("city"), c("name"), c("day"))
        .collectSync();
    },
    (o) => {
      const [n, ss] = o.select(c("cat_level_07").cast(pl.Int64).sum().alias("n"), c("x2").mul(c("x2")).sum().alias("s")).row(0);
      return { rows: o.height, level_07: Number(n), ss_x2: ss, columns: o.width };
    },
  ];
};
const describe = () => {
  const t = whole();
  return [() => t.describe(), () => ({ rows: t.height })];
};

await serve({
  csv_read: () => [() => pl.readCSV(env.BENCH_TABLE, { tryParseDates: true }), sums("id", "x1", "x8")],
  csv_write: () => {
    const t = dated();
    return [() => t.writeCSV(env.BENCH_COPY), () => ({ rows: t.height, copy: env.BENCH_COPY })];
  },
  jsonl_read: () => [() => pl.scanJson(env.BENCH_LINES, { format: "lines" }).collectSync(), sums("id", "income", "score")],
  profile: describe,
  profile_summaries: describe,
  clean_table: clean,
  drop_duplicates: () => {
    const t = dated();
    return [() => t.unique(), sums()];
  },
  group_text_100_sum: group(["id1"], c("v1").sum().alias("s")),
  group_2_texts_sum: group(["id1", "id2"], c("v1").sum().alias("s")),
  group_text_1e5_sum_mean: group(["id3"], c("v1").sum().alias("s"), c("v3").mean().alias("m")),
  group_int_100_means: group(["id4"], c("v1").mean().alias("s"), c("v2").mean().alias("m"), c("v3").mean().alias("c")),
  group_int_1e5_sums: group(["id6"], c("v1").sum().alias("s"), c("v2").sum().alias("m"), c("v3").sum().alias("c")),
  group_2_ints_median_sd: group(["id4", "id5"], c("v3").median().alias("s"), c("v3").std().alias("m")),
  group_text_1e5_max_min: group(["id3"], c("v1").max().alias("s"), c("v2").min().alias("m")),
  group_string_100_sum: group_plain(["id1"], c("v1").sum().alias("s")),
  group_2_strings_sum: group_plain(["id1", "id2"], c("v1").sum().alias("s")),
  group_string_1e5_sum_mean: group_plain(["id3"], c("v1").sum().alias("s"), c("v3").mean().alias("m")),
  group_string_1e5_max_min: group_plain(["id3"], c("v1").max().alias("s"), c("v2").min().alias("m")),
  group_int_1e7_sum: group(["id7"], c("v3").sum().alias("s")),
  group_string_1e7_sum: group(["id8"], c("v3").sum().alias("s")),
  group_6_keys_sum_count: group(["id1", "id2", "id3", "id4", "id5", "id6"], c("v3").sum().alias("s"), c("v3").count().alias("m")),
  join_int_100: join("small", "id4"),
  join_text_100: join("small", "id1"),
  join_int_1e6: join("medium", "id7"),
  join_int_1e7: join("big", "id7"),
  join_int_1e7_left: join("big", "id7", "left"),
  join_string_1e6: join("medium", "id8"),
  join_string_1e7: join("big", "id8"),
  sort_int64: sort(["id", "x"], [false, false]),
  sort_float64: sort(["x", "id"], [false, false]),
  sort_string: sort(["name", "id"], [false, false]),
  sort_category: sort(["city"], [false]),
  sort_two_keys: sort(["city", "id"], [false, true]),
  mask_two_numbers: derive(c("k").gtEq(17).and(c("x").ltEq(0.9))),
  mask_category: derive(c("city").eq(pl.lit("city123"))),
  mask_text: derive(c("name").str.contains("^id00011")),
  derive_arithmetic: derive(c("x").mul(2).add(c("y"))),
  derive_log: derive(c("x").add(1).log(Math.E)),
  derive_exp: derive(c("x").exp()),
  filter_half: take(c("k").gtEq(50)),
  filter_few: take(c("k").eq(17).and(c("x").ltEq(0.2))),
});
