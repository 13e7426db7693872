# data.table's worker: texts of few values as factors. A task prepares and gives run and check.
suppressMessages(library(data.table))
e <- function(name, default = "") Sys.getenv(name, default)
setDTthreads(as.integer(e("BENCH_THREADS", "2")))
kept <- new.env()
once <- function(name, make) { if (is.null(kept[[name]])) kept[[name]] <- make(); kept[[name]] }
factors <- function(d, names) { for (n in names) set(d, j = n, value = as.factor(d[[n]])); d }
load <- function(variable, ...) once(variable, function() factors(fread(e(variable), showProgress = FALSE), c(...)))
whole <- function() load("BENCH_TABLE")
mixed <- function() load("BENCH_MIXED", "city")
left <- function() load("BENCH_LEFT", "id1", "id2", "id3")
plain <- function() load("BENCH_LEFT")
sums <- function(...) function(o) {
  names <- intersect(c(...), names(o))
  c(list(rows = nrow(o)), setNames(lapply(names, function(x) sum(as.numeric(o[[x]]), na.rm = TRUE)), paste0("sum_", names, recycle0 = TRUE)))
}
group <- function(run, frame = left) function() { t <- frame(); list(function() run(t), sums("s", "m", "c")) }
join <- function(other, run) function() { t <- left(); o <- if (other == "BENCH_SMALL") load(other, "id1") else load(other); list(function() run(t, o), sums("v3", "w")) }
sort_by <- function(run) function() { t <- mixed(); list(function() run(t), function(o) list(rows = nrow(o), first = o$id[1], last = o$id[nrow(o)])) }
numbers <- c("id", "qty", paste0("x", 1:8))
clean <- function(t) {
  d <- unique(t)
  for (v in c("x2", "x3", "x4")) set(d, which(is.na(d[[v]])), v, median(d[[v]], na.rm = TRUE))
  q <- lapply(c(x1 = "x1", x8 = "x8"), function(v) { q <- quantile(d[[v]], c(.25, .75), names = FALSE); w <- 1.5 * diff(q); c(q[1] - w, q[2] + w) })
  d <- d[x1 >= q$x1[1] & x1 <= q$x1[2] & x8 >= q$x8[1] & x8 <= q$x8[2]]
  for (l in unique(d$cat)) set(d, j = paste0("cat_", l), value = as.integer(d$cat == l))
  d[, cat := NULL]
  for (v in numbers) { x <- d[[v]]; set(d, j = v, value = (x - mean(x)) / sd(x)) }
  d
}
tasks <- list(
  clean_table = function() { t <- whole(); list(function() clean(t), function(o) list(rows = nrow(o), level_07 = sum(o$cat_level_07), ss_x2 = sum(o$x2^2), columns = ncol(o))) },
  csv_read = function() list(function() fread(e("BENCH_TABLE"), showProgress = FALSE), sums("id", "x1", "x8")),
  csv_write = function() { t <- whole(); list(function() fwrite(t, e("BENCH_COPY")), function(o) list(rows = nrow(t), copy = e("BENCH_COPY"))) },
  drop_duplicates = function() { t <- whole(); list(function() unique(t), sums()) },
  group_text_100_sum = group(function(t) t[, .(s = sum(v1)), by = id1]),
  group_2_texts_sum = group(function(t) t[, .(s = sum(v1)), by = .(id1, id2)]),
  group_text_1e5_sum_mean = group(function(t) t[, .(s = sum(v1), m = mean(v3)), by = id3]),
  group_int_100_means = group(function(t) t[, .(s = mean(v1), m = mean(v2), c = mean(v3)), by = id4]),
  group_int_1e5_sums = group(function(t) t[, .(s = sum(v1), m = sum(v2), c = sum(v3)), by = id6]),
  group_2_ints_median_sd = group(function(t) t[, .(s = median(v3), m = sd(v3)), by = .(id4, id5)]),
  group_text_1e5_max_min = group(function(t) t[, .(s = max(v1), m = min(v2)), by = id3]),
  group_string_100_sum = group(function(t) t[, .(s = sum(v1)), by = id1], plain),
  group_2_strings_sum = group(function(t) t[, .(s = sum(v1)), by = .(id1, id2)], plain),
  group_string_1e5_sum_mean = group(function(t) t[, .(s = sum(v1), m = mean(v3)), by = id3], plain),
  group_string_1e5_max_min = group(function(t) t[, .(s = max(v1), m = min(v2)), by = id3], plain),
  group_int_1e7_sum = group(function(t) t[, .(s = sum(v3)), by = id7]),
  group_string_1e7_sum = group(function(t) t[, .(s = sum(v3)), by = id8]),
  group_6_keys_sum_count = group(function(t) t[, .(s = sum(v3), m = .N), by = .(id1, id2, id3, id4, id5, id6)]),
  join_int_100 = join("BENCH_SMALL", function(t, o) t[o, on = "id4", nomatch = NULL]),
  join_text_100 = join("BENCH_SMALL", function(t, o) t[o, on = "id1", nomatch = NULL]),
  join_int_1e6 = join("BENCH_MEDIUM", function(t, o) t[o, on = "id7", nomatch = NULL]),
  join_int_1e7 = join("BENCH_RIGHT", function(t, o) t[o, on = "id7", nomatch = NULL]),
  join_int_1e7_left = join("BENCH_RIGHT", function(t, o) o[t, on = "id7"]),
  join_string_1e6 = join("BENCH_MEDIUM", function(t, o) t[o, on = "id8", nomatch = NULL]),
  join_string_1e7 = join("BENCH_RIGHT", function(t, o) t[o, on = "id8", nomatch = NULL]),
  sort_int64 = sort_by(function(t) t[order(id, x)]),
  sort_float64 = sort_by(function(t) t[order(x, id)]),
  sort_string = sort_by(function(t) t[order(name, id)]),
  sort_category = sort_by(function(t) t[order(city)]),
  sort_two_keys = sort_by(function(t) t[order(city, -id)]))

peak <- function() as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
answer <- function(name) {
  if (is.null(tasks[[name]])) stop("no such task")
  work <- once(paste("task", name), tasks[[name]])
  gc()
  used <- system.time(o <- work[[1]]())
  most <- peak()
  values <- work[[2]](o)
  words <- paste(names(values), sapply(values, function(v) if (is.character(v)) v else sprintf("%.12g", v)), sep = "=", collapse = " ")
  sprintf("done wall=%.6f cpu=%.6f peak_mb=%.0f %s", used[["elapsed"]], used[["user.self"]] + used[["sys.self"]], most, words)
}
orders <- file("stdin")
open(orders)
while (length(name <- readLines(orders, n = 1)) > 0 && name != "quit") {
  cat(tryCatch(answer(name), error = function(problem) paste("fail", sub("\n.*", "", conditionMessage(problem)))), "\n", sep = "")
  flush(stdout())
}
